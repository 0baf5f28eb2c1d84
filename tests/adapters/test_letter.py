"""Letters by post: a batch is whole, counted and closed; its files say nothing of customers by their names."""

import csv
import hashlib
import json
import multiprocessing
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dunning_adapters.demo.gallery import specimen
from dunning_adapters.letter import LetterSettings, LetterTransport, dunning_adapters
from dunning_adapters.letter.batch import Batch, batches
from dunning_adapters.pdf import Printed
from dunning_adapters.ports import Archiving, Transport, Verdict
from dunning_adapters.safety.rehearsal import harmless
from dunning_adapters.testing import MarkingConformance
from dunning_core.document import Document
from dunning_core.errors import SourceError, TransportError

LETTER = replace(specimen("ro", "demand", 1), channel="letter")


def transport(base, **settings):
    return LetterTransport(LetterSettings.model_validate({"engine": "fast", **settings}), base)


def manifests(base):
    return {path.parent.name: json.loads(path.read_bytes()) for path in sorted(base.glob("letters/*/manifest.json"))}


def test_a_run_is_a_batch_with_a_manifest(tmp_path):
    other = replace(specimen("hu", "notice", 6), channel="letter")
    with transport(tmp_path) as post:
        receipts = [post.deliver(LETTER), post.deliver(other)]
        assert not manifests(tmp_path)  # a printer does not take what is not whole yet
    assert [receipt.verdict for receipt in receipts] == [Verdict.ACCEPTED] * 2
    [(name, manifest)] = manifests(tmp_path).items()
    assert name == manifest["batch"] == "2026-11-20-001"
    assert (manifest["letters"], manifest["pages"]) == (2, 3)
    folder = tmp_path / "letters" / name
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json", "manifest.csv", f"{LETTER.letter}.pdf", f"{other.letter}.pdf"
    }  # fmt: skip
    for entry in manifest["files"]:
        content = (folder / entry["file"]).read_bytes()
        assert content.startswith(b"%PDF-")
        assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert entry["file"] == f"{entry['letter']}.pdf"
    with (folder / "manifest.csv").open(newline="") as file:
        assert [row | {"pages": int(row["pages"]), "bytes": int(row["bytes"])} for row in csv.DictReader(file)] == (
            manifest["files"]
        )
    assert receipts[0].text == f"{name}/{LETTER.letter}.pdf"


def test_nothing_of_the_customer_is_outside_of_the_pdf(tmp_path):
    with transport(tmp_path) as post:
        post.deliver(replace(LETTER, customer="Ștefănescu 1850101"))
    said = [str(path) for path in (tmp_path / "letters").rglob("*")]
    said += [path.read_text() for path in (tmp_path / "letters").rglob("manifest.*")]
    assert not [text for text in said if "1850101" in text or "tef" in text]


def test_every_run_has_its_own_batch(tmp_path):
    for attempt in (1, 2, 3):
        with transport(tmp_path) as post:
            post.deliver(replace(LETTER, attempt=attempt))
    assert list(manifests(tmp_path)) == ["2026-11-20-001", "2026-11-20-002", "2026-11-20-003"]


def test_two_runs_at_once_do_not_share_a_batch(tmp_path):
    with transport(tmp_path) as one, transport(tmp_path) as other:
        one.deliver(LETTER)
        other.deliver(replace(LETTER, attempt=2))
        one.deliver(replace(LETTER, attempt=3))
    assert [manifest["letters"] for manifest in manifests(tmp_path).values()] == [2, 1]


def test_a_run_without_letters_leaves_nothing(tmp_path):
    with transport(tmp_path):
        pass
    assert not list((tmp_path / "letters").iterdir())


def test_the_same_letter_again_in_a_batch_is_one_letter(tmp_path):
    with transport(tmp_path) as post:
        assert {post.deliver(LETTER).verdict for _ in range(3)} == {Verdict.ACCEPTED}
    assert manifests(tmp_path)["2026-11-20-001"]["letters"] == 1


def test_a_closed_batch_is_not_written_to(tmp_path):
    batch = Batch.begin(tmp_path, date(2026, 11, 20))
    batch.add("a.1", Printed(b"%PDF-1", 1))
    batch.close()
    with pytest.raises(TransportError, match="batch 2026-11-20-001 is closed"):
        batch.add("b.1", Printed(b"%PDF-2", 1))
    assert not (tmp_path / "2026-11-20-001" / "b.1.pdf").exists()
    assert Batch.begin(tmp_path, date(2026, 11, 20)).id == "2026-11-20-002"


def _die(root, moment):
    batch = Batch.begin(Path(root), date(2026, 11, 20))
    batch.add("a.1", Printed(b"%PDF-1", 3))
    if moment == "torn":
        with (batch.folder / ".letters").open("ab") as noted:
            noted.write(b'{"file": "b')
    if moment == "closing":
        os.unlink = Path.unlink = lambda *_, **__: os._exit(9)
        batch.close()
    os._exit(9)


@pytest.mark.parametrize("moment", ["adding", "torn", "closing"])
def test_what_a_dead_run_left_open_is_closed_by_the_next(tmp_path, moment):
    root = tmp_path / "letters"
    root.mkdir()
    process = multiprocessing.get_context("spawn").Process(target=_die, args=(root, moment))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert transport(tmp_path).found(["a.1", "b.1"]) == {"a.1"}
    with transport(tmp_path) as post:
        post.deliver(LETTER)
    found = manifests(tmp_path)
    assert [(name, each["letters"], each["pages"]) for name, each in found.items()] == [
        ("2026-11-20-001", 1, 3),
        ("2026-11-20-002", 1, 1),
    ]
    assert not list(root.glob("*/.*"))


def test_an_open_batch_of_a_living_run_is_left_alone(tmp_path):
    with transport(tmp_path) as one:
        one.deliver(LETTER)
        with transport(tmp_path):
            assert not manifests(tmp_path)


def test_letters_in_batches_are_found(tmp_path):
    post = transport(tmp_path)
    assert isinstance(post, Archiving)
    assert post.found(["x.1"]) == set()
    with post:
        post.deliver(LETTER)
        assert post.found([LETTER.letter, "x.1"]) == {LETTER.letter}
    assert post.found([LETTER.letter, "x.1"]) == {LETTER.letter}
    (tmp_path / "letters" / "2026-11-20-001" / "manifest.json").write_text("{")
    with pytest.raises(SourceError, match="is its manifest damaged"):
        post.found(["x.1"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"on": None}, "on: "), ({"key": "../../x"}, "key: "), ({"html": "", "data": {}}, "letter ")],
)
@pytest.mark.parametrize("engine", ["html", "fast"])
def test_what_cannot_be_printed_is_refused_and_leaves_nothing(tmp_path, changes, said, engine):
    with transport(tmp_path, engine=engine) as post:
        receipt = post.deliver(replace(LETTER, **changes))
    assert (receipt.verdict, receipt.phase) == (Verdict.REFUSED, "message")
    assert receipt.text.startswith(said)
    assert not list((tmp_path / "letters").iterdir())


@pytest.mark.parametrize("customer", ["../../etc/passwd", "CON", "a\nb", "-rf", "ż" * 300, "\ud800", "C:\\x", "..", ""])
def test_an_identifier_never_leads_elsewhere(tmp_path, customer):
    with transport(tmp_path) as post:
        assert post.deliver(replace(LETTER, customer=customer)).verdict is Verdict.ACCEPTED
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]
    assert manifests(tmp_path)["2026-11-20-001"]["letters"] == 1


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "letters").write_text("a file")
    with pytest.raises(TransportError, match="letters: "), transport(tmp_path):
        pass
    (tmp_path / "letters").unlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    with transport(tmp_path) as post, monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(TransportError, match="No space left"):
            post.deliver(LETTER)
    assert not manifests(tmp_path)


def test_it_is_not_taken_for_harmless(tmp_path):
    assert not harmless(transport(tmp_path))
    [adapter] = dunning_adapters()
    assert isinstance(adapter.build(LetterSettings(), tmp_path), Transport)


def test_it_must_be_entered(tmp_path):
    with pytest.raises(TransportError, match="not entered"):
        transport(tmp_path).deliver(LETTER)


class TestLetterTransport(MarkingConformance):
    """The conformance kit, printed from HTML as a document that nobody rendered has to be."""

    def make(self, tmp_path):
        return transport(tmp_path, engine="html")

    def delivered(self, transport, tmp_path):
        assert transport.channel == "letter"
        return sum(len(each) for each in batches(tmp_path / "letters"))

    def document(self, **changes) -> Document:
        return super().document(channel="letter", **changes)
