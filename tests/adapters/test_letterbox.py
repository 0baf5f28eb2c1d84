"""Messages in a maildir, an mbox or a folder, and the proof that a letter went out."""

import mailbox
import os
from email.message import EmailMessage
from pathlib import Path

import pytest

from dunning_adapters.letterbox import found, messages
from dunning_core.errors import SourceError

WANTED = ["<a.1@firma.pl>", "<b.1@firma.pl>", "<c.2@firma.pl>"]


def message(name, text="Prosimy.\n", **headers):
    made = EmailMessage()
    if name:
        made["Message-ID"] = name
    for header, value in headers.items():
        made[header.replace("_", "-")] = value
    made.set_content(text)
    return made


SENT = [
    message("<a.1@firma.pl>"),
    message("<x.9@firma.pl>", In_Reply_To="<b.1@firma.pl>", References="<b.1@firma.pl>"),
    message("<77@kowalski.pl>", text="Message-ID: <b.1@firma.pl>\n\nMessage-ID: <b.1@firma.pl>\n"),
    message("", text="no name"),
    message("<c.2@firma.pl>"),
]


def filled(kind, path):
    if kind == "folder":
        path.mkdir()
        for number, each in enumerate(SENT):
            (path / f"{number}.eml").write_bytes(each.as_bytes())
        (path / "notes.txt").write_text("Message-ID: <b.1@firma.pl>\n\n")
        (path / "folder.eml").mkdir()
        return path
    box = mailbox.Maildir(path) if kind == "maildir" else mailbox.mbox(path)
    for each in SENT:
        box.add(each)
    box.close()
    return path


@pytest.mark.parametrize("kind", ["maildir", "mbox", "folder"])
def test_what_lies_in_the_archive_went_out_and_what_is_only_quoted_did_not(tmp_path, kind):
    box = filled(kind, tmp_path / "box")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert found(box, WANTED) == {"<a.1@firma.pl>", "<c.2@firma.pl>"}
    assert found(box, []) == set()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("kind", ["maildir", "mbox", "folder"])
def test_only_so_much_of_a_message_is_read(tmp_path, kind):
    each = list(messages(filled(kind, tmp_path / "box"), 40))
    assert len(each) == len(SENT)
    assert all(len(one.content) == 40 and not one.whole for one in each)


def test_a_message_with_two_names_proves_neither(tmp_path):
    (tmp_path / "a.eml").write_bytes(b"Message-ID: <a.1@firma.pl>\nMessage-ID: <b.1@firma.pl>\n\n")
    assert found(tmp_path, WANTED) == set()


@pytest.mark.parametrize("name", ["nowhere", "no-mbox"])
def test_what_is_no_letterbox_is_an_error_and_not_an_empty_one(tmp_path, name):
    (tmp_path / "no-mbox").write_text("Message-ID: <a.1@firma.pl>\n\n")
    with pytest.raises(SourceError, match="name a maildir"):
        found(tmp_path / name, WANTED)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_letterbox_that_may_not_be_read_is_an_error(tmp_path):
    box = filled("folder", tmp_path / "box")
    Path(box / "0.eml").chmod(0)
    with pytest.raises(SourceError, match="Permission denied"):
        found(box, WANTED)
