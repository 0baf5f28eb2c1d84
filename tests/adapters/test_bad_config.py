"""Settings and policies that cannot work say so in one line: the file, the field, what is wrong and how to mend it.

The first line of every file of the corpus holds what is said about it.
"""

import gc
import re
import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning_adapters.runner import Runner
from dunning_adapters.settings import Settings, faults, load, parse
from dunning_core.errors import ConfigError, DunningError, PolicyError
from dunning_core.policy import PRESETS, Policy, policy_from_toml

FOLDER = Path(__file__).parents[1] / "data" / "broken"
CONFIGS = sorted((FOLDER / "config").glob("*.toml"))
POLICIES = sorted((FOLDER / "policy").glob("*.toml"))
JARGON = re.compile(
    r"Input should|valid (?:string|integer|dict|tuple|list|number|decimal)|type=|\[type|pydantic|[Vv]alidation error"
    r"|Value error|Extra inputs|Field required|Traceback|<class|object at 0x"
    r"|minimum_\w+\.decimal|\.(?:constrained|tuple\[|dict\[|literal\[|function-)"  # pydantic's names for kinds of value
)


def expected(path):
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("# error: ")
    return first.removeprefix("# error: ")


def one_line(text):
    assert "\n" not in text
    assert not JARGON.search(text), text
    return text


def used(path):
    """What a run would do first: load, and fill the sockets. It opens nothing."""
    return Runner.of(load(path))


@pytest.fixture(autouse=True)
def _no_collection_in_the_depth():
    """Finalizers of what other tests left would find no room where `too_deep` is read, and fail it."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_settings_that_cannot_work(path):
    with pytest.raises(DunningError) as caught:
        used(path)
    assert one_line(str(caught.value)) == expected(path)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_check_names_the_same_fault_first(path):
    found = faults(path)
    if found:  # otherwise it is the adapter who finds it
        assert one_line(str(found[0])) == expected(path)
        assert len({fault.where for fault in found}) == len(found), "each field once"


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_policy_that_cannot_work(path):
    with pytest.raises(PolicyError) as caught:
        policy_from_toml(path.read_text("utf-8"), where=path.name)
    assert one_line(str(caught.value)) == expected(path)
    assert str(caught.value).startswith(f"{path.name}: ")


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_policy_among_the_settings_names_both(path):
    text = path.read_text("utf-8")
    if path.stem == "not_toml":  # which is found before there are policies
        return
    nested = re.sub(r"^\[(\[?)", r"[\1policies.own.", text, flags=re.MULTILINE)
    top = '[creditor]\nname = "Óbuda Kft."\ncountry = "HU"\n[source]\nadapter = "files"\n[policies.own]\n'
    with pytest.raises(PolicyError) as caught:
        parse(top + nested)
    said = expected(path).removeprefix(f"{path.name}: ")
    assert one_line(str(caught.value)) == f"dunning.toml: policies.own.{said}"


def test_the_corpus_is_large_enough():
    assert len(CONFIGS) >= 30
    assert len(POLICIES) >= 25


def test_every_refusal_of_a_policy_is_in_the_corpus():
    """Each sentence of the checks in the module of policies is said about some file."""
    source = (Path(__file__).parents[2] / "src" / "dunning_core" / "policy.py").read_text("utf-8")
    faulty = source[source.index("def _waits(") : source.index("def _plain_due(")]
    sentences = re.findall(r'yield (?:f?"[\w\[\]{}.]+"|field), f?"([^"]+)"', faulty)
    sentences += re.findall(r'yield f"\{field\}\.\w+", f?"([^"]+)"', faulty)
    assert len(sentences) >= 12
    said = "\n".join(expected(path) for path in POLICIES)
    for sentence in sentences:
        parts = [re.escape(part) for part in re.split(r"\{[^}]*\}", sentence)]
        assert re.search(".*".join(parts), said), sentence


def test_every_table_of_the_settings_is_in_the_corpus():
    said = "\n".join(expected(path) for path in CONFIGS)
    for table in set(Settings.model_fields) - {"folder", "file", "policies"}:
        assert re.search(rf"\b{table}\b", said), table


# -- whatever is typed

KEYS = [
    *Settings.model_fields,
    "policy",
    "name",
    "country",
    "adapter",
    "levels",
    "preset",
    "modules",
    "edges",
    "accounts",
]
KEYS += [*Policy.model_fields, "days", "after", "when", "default", "groups", "ő", "a b"]
plain = st.one_of(
    st.booleans(),
    st.integers(-5, 70),
    st.integers(),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.text(max_size=6),
    st.sampled_from(
        [*PRESETS, "files", "sql", "folder", "smtp", "memory", "EUR", "RO", "email", "due_date", "", "\x00"]
    ),
)
keys = st.sampled_from(KEYS) | st.text(min_size=1, max_size=4)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
MINIMAL = {"creditor": {"name": "Óbuda Kft.", "country": "HU"}, "source": {"adapter": "files", "items": "i.csv"}}


def toml(value):
    """A value as TOML, on one line."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return repr(value)
        case str():
            escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
            return f'"{escaped}"'
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    return value.isoformat()


def settles(text):
    """Settings, or an error of ours in one line."""
    try:
        settings = parse(text)
    except DunningError as error:
        one_line(str(error))
        return
    assert isinstance(settings, Settings)
    try:
        Runner.of(settings)
    except DunningError as error:
        one_line(str(error))


@given(st.dictionaries(keys, values, max_size=5), st.sets(st.sampled_from(sorted(MINIMAL))))
@example({"creditor": {"accounts": 5}}, set())
@example({"policies": {"p": {"preset": ["standard"]}}}, {"creditor", "source"})
@example({"policy": {"policies": {}}}, {"creditor", "source"})
@example({"creditor": {"name": 5, "country": 7}}, {"source"})
@example({"policies": {"p": {"levels": [{"name": "n", "minimum_item": {"EUR": {}}}]}}}, {"creditor", "source"})
def test_any_tables_are_settings_or_an_error_in_a_line(tables, known):
    tables |= {name: MINIMAL[name] for name in known}
    settles("\n".join(f"{toml(name)} = {toml(value)}" for name, value in tables.items()))


@given(st.sampled_from(sorted(set(Settings.model_fields) - {"folder"})), st.dictionaries(keys, values, max_size=4))
def test_any_table_beside_good_ones(name, table):
    settles("\n".join(f"{key} = {toml(value)}" for key, value in (MINIMAL | {name: table}).items()))


@given(st.dictionaries(st.sampled_from(sorted(Policy.model_fields)), values, max_size=4))
def test_any_fields_are_a_policy_or_an_error_in_a_line(fields):
    text = "\n".join(f"{name} = {toml(value)}" for name, value in fields.items())
    try:
        policy_from_toml(text)
    except PolicyError as error:
        one_line(str(error))


@given(st.text(alphabet=string.printable + "őșł\x00\ufeff", max_size=60))
@example("a = " + "[" * 20_000)
@example("a = " + "9" * 5_000)
@example("[a]\n[a]")
@example("a = 2026-13-45")
def test_any_text_is_settings_or_an_error_in_a_line(text):
    settles(text)


# -- files


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "dunning.toml")
    assert str(caught.value) == f"{tmp_path / 'dunning.toml'}: No such file or directory (write one with: dunning init)"
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)


def test_a_file_in_an_old_code_page(tmp_path):
    path = tmp_path / "dunning.toml"
    path.write_bytes('[creditor]\nname = "Győri Öntöde"\n'.encode("cp1250"))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: byte 21 is not UTF-8 (save it as UTF-8)"


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "dunning.toml"
    text = '[creditor]\nname = "Győri Öntöde"\ncountry = "HU"\n[source]\nadapter = "files"\nitems = "i.csv"\n'
    path.write_text(text, "utf-8-sig")
    settings = load(path)
    assert (settings.creditor.name, settings.creditor.id) == ("Győri Öntöde", "Győri Öntöde")
    assert settings.folder == tmp_path
    assert faults(path) == []
