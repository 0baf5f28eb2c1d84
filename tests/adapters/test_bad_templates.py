"""A template that cannot be used is refused before a run, naming file and line.

`errors.json` holds what is said about each folder of the corpus. The letters tried are `notice` in Romanian and the
levels and languages that the folder brings.
"""

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning_adapters.settings import Settings, parse
from dunning_adapters.wording import templates
from dunning_core.errors import TemplateError
from dunning_core.render import Templates

FOLDER = Path(__file__).parents[1] / "data" / "broken" / "templates"
ERRORS = json.loads((FOLDER / "errors.json").read_text("utf-8"))
CREDITOR = '[creditor]\nname = "Atelier Brașov"\ncountry = "RO"\n[source]\nadapter = "files"\n'
WORDING = Templates.stock().texts["ro/notice.j2"]


def checked(folder):
    """What `dunning check` does with the templates of a folder."""
    settings = parse(f'{CREDITOR}[templates]\nfolder = "{folder.name}"\n', folder=folder.parent)
    assert isinstance(settings, Settings)
    made = templates(settings)
    brought = [path.relative_to(folder).parts for path in sorted(folder.rglob("*.j2")) if path.parent != folder]
    for language, file in [("ro", "notice.j2"), *brought]:
        made.check([file.removesuffix(".j2")], [language])
    return made


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
def test_templates_that_cannot_be_used(name):
    with pytest.raises(TemplateError) as caught:
        checked(FOLDER / name)
    assert str(caught.value) == ERRORS[name]
    assert "\n" not in str(caught.value)
    assert str(FOLDER) not in str(caught.value)


def test_the_corpus_is_whole():
    assert {path.name for path in FOLDER.iterdir()} == {*ERRORS, "errors.json"}
    assert len(ERRORS) >= 20
    named = [said for said in ERRORS.values() if re.match(r"(?:[a-z]+/)?[\w.]+\.j2:\d+: ", said)]
    assert len(named) >= 20, "file and line"


def test_a_folder_of_the_users_own_stands_over_the_stock(tmp_path):
    (tmp_path / "own" / "ro").mkdir(parents=True)
    (tmp_path / "own" / "ro" / "notice.j2").write_text(
        WORDING.replace("Notificare de plată", "Aducere aminte"), "utf-8-sig"
    )
    (tmp_path / "own" / "ro" / "words.toml").write_text('valediction = "Cu drag,"\n', "utf-8")
    (tmp_path / "own" / "README.txt").write_text("no template")
    (tmp_path / "own" / "ro" / ".notice.j2.swp").write_bytes(b"\xff")
    made = checked(tmp_path / "own")
    assert "Aducere aminte" in made.texts["ro/notice.j2"]
    assert made.words["ro"]["valediction"] == "Cu drag,"
    assert made.words["ro"]["total"] == Templates.stock().words["ro"]["total"]


def test_without_a_folder_the_stock_is_used():
    assert templates(parse(CREDITOR)) is Templates.stock()


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "own" / "ro").mkdir(parents=True)
    (tmp_path / "own" / "ro" / "notice.j2").write_text("")

    def refused(self, **_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(TemplateError, match=r"^ro/notice\.j2: cannot be read: Permission denied$"):
        templates(parse(f'{CREDITOR}[templates]\nfolder = "own"\n', folder=tmp_path))


PIECES = st.sampled_from([
    "{{", "}}", "{%", "%}", "{#", "#}", " for ", " if ", " in ", " block opening ", " endblock ", " endif ", " endfor ",
    "items", "creditor", ".name", ".__class__", "total", "|upper", "| default('x')", "[0]", "(", ")", "'", '"', "~",
    "not ", "is defined", "loop.index", "1", "\n", "őșł", " else ", "-", "+", "sections", "x", ",", "%", "\x00",
])  # fmt: skip


def refusal(texts, level=None):
    """What is said about these files, "" when they can be used. Any other error than TemplateError is a fault."""
    try:
        made = Templates.stock().overridden(texts)
        if level:
            made.check([level], ["ro"])
    except TemplateError as error:
        return str(error)
    return ""


@given(st.lists(PIECES, max_size=14).map("".join))
@example("{{ creditor.name }}")
@example("{{ 10 ** 10 ** 10 }}")
def test_any_wording_is_used_or_refused_in_a_line(text):
    wording = WORDING.replace("din evidențele noastre", f"{text} din evidențele noastre")
    said = refusal({"ro/notice.j2": wording}, "notice")
    assert "\n" not in said
    assert not said or re.match(r"ro/notice\.j2:\d+: ", said)


@given(st.text(alphabet=" ={}[]\"'\nabc.#őș\x00", max_size=40), st.sampled_from(["en", "ro", "de"]))
@example("counted = 5", "en")
@example("counted = 5", "ro")
@example("kinds = 'x'", "ro")
@example("counted.day = 'x'", "hu")
@example("and = " + "[" * 5_000, "ro")
def test_any_words_are_used_or_refused_in_a_line(text, language):
    said = refusal({f"{language}/words.toml": text})
    assert "\n" not in said
    assert not said or said.startswith(f"{language}/words.toml")
