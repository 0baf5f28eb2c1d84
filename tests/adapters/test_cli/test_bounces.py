"""`dunning bounces`: what comes back is recorded once, and the customer is on the list of those to call."""

from pathlib import Path

import pytest

NOTICE = Path(__file__).resolve().parents[2] / "data" / "notices" / "hard-postfix.eml"
FOLDER = '[bounces]\nfolder = "notices"\n'


@pytest.fixture
def returned(firm):
    """A firm that has sent letters, and a notice about the one to C3."""
    firm("run", "--send")
    letter = next(path for path in (firm.folder / "out").glob("*_c3_*.eml"))
    content = NOTICE.read_text("utf-8").replace("jan@kowalski.pl", "ksiegowosc@zaklady.example")
    content = content.replace(f"{'ab12' * 8}.1@firma.pl", f"{letter.stem.split('_')[-1]}@dunning.invalid")
    (firm.folder / "notices").mkdir()
    (firm.folder / "notices" / "1.eml").write_text(content, "utf-8")
    firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + FOLDER)
    return firm


def test_a_letter_that_came_back_is_recorded_once(returned):
    shown = returned("bounces", "--dry", code=1).stdout
    assert "1 letter to be recorded as bounced" in shown
    assert "bounced" not in returned("history").stdout
    shown = returned("bounces", code=1).stdout
    assert "1 letter recorded as bounced" in shown
    assert "C3" in shown
    assert "ksiegowosc@zaklady.example: 5.1.1" in shown
    assert returned("history").stdout.count("bounced") == 1
    assert "0 letters recorded as bounced, 1 known before" in returned("bounces").stdout


def test_a_stranger_is_shown_and_changes_nothing(returned):
    notice = returned.folder / "notices" / "1.eml"
    notice.write_text(notice.read_text("utf-8").replace("@dunning.invalid", "7@dunning.invalid"), "utf-8")
    result = returned("bounces", code=1)
    assert "look: notice 1.eml" in result.stderr
    assert "which was not sent from here" in result.stderr
    assert "bounced" not in returned("history").stdout


def test_without_a_folder_there_is_nothing_to_read(firm):
    assert "bounces.folder: there is no folder to read" in firm("bounces", code=2).stderr
