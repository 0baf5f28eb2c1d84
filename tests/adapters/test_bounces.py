"""Letters that came back: real notices of five mail systems, and everything that only looks like one."""

import random
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from dunning_adapters.bounces import bounces
from dunning_adapters.memory import MemoryHistory
from dunning_adapters.notices import MOST, Fate, Notice, read
from dunning_adapters.smtp import SmtpSettings
from dunning_adapters.smtp.return_path import ReturnPath
from dunning_core.event import Event, EventKind
from dunning_core.history import fold

CORPUS = Path(__file__).resolve().parents[1] / "data" / "notices"
KEY, LETTER = "ab12" * 16, "ab12" * 8 + ".1"
TEMPLATE, SECRET = "bounce+{letter}.{mac}@firma.pl", b"0123456789abcdef0123456789abcdef"
PATHS = ReturnPath(TEMPLATE, SECRET)
ON, AT = date(2026, 11, 21), datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SENT = Event(
    EventKind.DISPATCHED,
    date(2026, 11, 20),
    "K-17",
    key=KEY,
    creditor="F",
    group="K-17",
    level=2,
    level_name="demand",
    items=(("A", 2),),
    channel="email",
    recipients=("jan@kowalski.pl",),
)
OTHER = replace(SENT, customer="K-18", key="cd34" * 16, recipients=("biuro@nowak.pl",), items=(("B", 2),))
NOT_MARKED = lambda text: None  # noqa: E731 - letters without return paths
HARD = ["exchange", "exim", "gmail", "postfix", "qmail"]


def notice(name):
    return (CORPUS / f"{name}.eml").read_bytes()


def answered(*events):
    return MemoryHistory([each for event in events for each in (event, replace(event, kind=EventKind.ACCEPTED))])


def found(tmp_path, history, *contents, returned=PATHS.letters):
    box = tmp_path / "notices"
    box.mkdir(exist_ok=True)
    for number, content in enumerate(contents):
        (box / f"{number:03}.eml").write_bytes(content)
    return bounces(box, history, returned, ON, AT)


@pytest.mark.parametrize("returned", [PATHS.letters, NOT_MARKED], ids=["return path", "Message-ID"])
@pytest.mark.parametrize("system", HARD)
def test_a_letter_that_reached_nobody_has_bounced(tmp_path, system, returned):
    history = answered(SENT, OTHER)
    came = found(tmp_path, history, notice(f"hard-{system}"), returned=returned)
    (event,) = came.events
    assert (event.kind, event.key, event.attempt, event.customer) == (EventKind.BOUNCED, KEY, 1, "K-17")
    assert (event.on, event.at, event.level, event.level_name, event.creditor) == (ON, AT, 2, "demand", "F")
    assert event.because.startswith("jan@kowalski.pl: 5.")
    assert not came.problems
    history.append(came.events)
    standings = fold(history.events())
    assert standings.item("A").level == 0  # the level does not count
    assert standings.item("B").level == 2  # nor does any other suffer


def test_a_bounce_is_recorded_once_however_often_it_is_read(tmp_path):
    history = answered(SENT)
    contents = [notice(f"hard-{system}") for system in HARD]
    came = found(tmp_path, history, *contents)
    assert len(came.events) == 1
    history.append(came.events)
    again = found(tmp_path, history, *contents)
    assert (again.events, again.problems, again.known) == ((), (), 1)


NOTHING = {
    "soft-postfix-delayed": "is late",
    "soft-gave-up": "4.2.2",
    "other-delivered": None,
    "copy-failed": "no recipient of customer K-17",
    "none-out-of-office": None,
    "none-read-receipt": None,
    "none-forwarded": "it may say that jan@kowalski.pl was not reached",
    "forged-mac": "somebody has made it up",
    "forged-no-return-path": "does not say which letter",
    "forged-other-letter": "another letter",
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_bounce_of_ours_changes_nothing(tmp_path, name):
    came = found(tmp_path, answered(SENT, OTHER), notice(name))
    assert came.events == ()
    said = NOTHING[name]
    assert [said in str(problem) for problem in came.problems] == ([True] if said else [])
    assert came.others == (name.startswith("none-") and not said)


OLD_SERVER = b"""From: MAILER-DAEMON@kowalski.pl
To: bounce@firma.pl
Subject: Returned mail: User unknown
Content-Type: text/plain

The original message was received at Fri, 20 Nov 2026 09:30:00 +0100

   ----- The following addresses had permanent fatal errors -----
<jan@kowalski.pl>

   ----- Transcript of session follows -----
550 <jan@kowalski.pl>... User unknown
"""


def test_the_words_of_an_old_server_are_shown_to_a_person_and_change_nothing(tmp_path):
    came = found(tmp_path, answered(SENT), OLD_SERVER)
    assert came.events == ()
    assert [problem.what for problem in came.problems] == ["it may say that jan@kowalski.pl was not reached"]
    assert came.others == 0


def test_without_the_extra_nobody_guesses(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "flufl.bounce", None)
    came = found(tmp_path, answered(SENT), OLD_SERVER, notice("none-forwarded"))
    assert (came.events, came.problems, came.others) == ((), (), 2)


def test_nobody_guesses_about_what_takes_too_long(tmp_path):
    """What makes a guess slow is the size: a message without a word took it twenty seconds for a megabyte."""
    came = found(tmp_path, answered(SENT), OLD_SERVER + b"\n" * 900_000, OLD_SERVER + b"\n" * 60_000)
    assert (len(came.problems), came.others) == (1, 1)


@pytest.mark.parametrize("name", ["broken-cut", "broken-boundary", "broken-charset"])
def test_a_broken_notice_is_told_or_read_and_never_raises(tmp_path, name):
    came = found(tmp_path, answered(SENT), notice(name))
    assert len(came.events) <= 1
    assert all(event.key == KEY for event in came.events)


def test_a_letter_that_was_not_sent_from_here_is_told(tmp_path):
    came = found(tmp_path, answered(OTHER), notice("hard-postfix"))
    assert came.events == ()
    assert f"letter {LETTER}, which was not sent from here" in str(came.problems[0])


def test_a_letter_of_which_one_recipient_was_reached_has_not_bounced(tmp_path):
    both = replace(SENT, recipients=("jan@kowalski.pl", "biuro@kowalski.pl"))
    came = found(tmp_path, answered(both), notice("hard-postfix"))
    assert came.events == ()
    assert "jan@kowalski.pl of customer K-17 was not reached, others were" in str(came.problems[0])
    second = notice("hard-postfix").replace(b"jan@kowalski.pl", b"biuro@kowalski.pl")
    assert len(found(tmp_path, answered(both), notice("hard-postfix"), second).events) == 1


def test_a_huge_and_a_deeply_nested_notice_are_not_read(tmp_path):
    huge = notice("hard-postfix") + b"x" * MOST
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5000))
    within = b"Content-Type: message/rfc822\n\n" * 5000
    came = found(tmp_path, answered(SENT), huge, deep, within)
    assert came.events == ()
    assert ["too large" in str(p) or "nested" in str(p) for p in came.problems] == [True] * 3


def test_the_events_of_a_future_letter_are_not_before_it(tmp_path):
    came = found(tmp_path, answered(replace(SENT, on=date(2026, 11, 30))), notice("hard-postfix"))
    assert came.events[0].on == date(2026, 11, 30)


def test_words_of_strangers_are_one_short_printable_line(tmp_path):
    evil = notice("hard-postfix").replace(b"User\n    unknown", b"\x1b[31m\x07" + b"A" * 5000)
    (event,) = found(tmp_path, answered(SENT), evil).events
    assert event.because.isprintable()
    assert len(event.because) <= 400


# Return paths -----------------------------------------------------------------------------------------------------


def test_a_return_path_names_its_letter_and_no_other():
    path = PATHS.of(LETTER)
    assert path == f"bounce+{LETTER}.72ee59957cf1cdb5@firma.pl"
    assert PATHS.letters(f"<{path.upper()}>, {path}") == ({LETTER}, False)
    assert PATHS.letters(path.replace(".1.", ".2.")) == (set(), True)
    assert PATHS.letters("nobody@firma.pl") == (set(), False)
    assert ReturnPath(TEMPLATE, b"another secret, as long").letters(path) == (set(), True)
    assert PATHS.letters(f"x{path}") == PATHS.letters(f"{path}.evil.example") == (set(), False)
    assert "0123456789" not in repr(PATHS) + repr(vars(PATHS).keys())


def test_settings_of_a_return_path_and_an_archive_that_cannot_work_are_refused():
    good = {"host": "mx", "domain": "firma.pl", "return_path": TEMPLATE, "return_path_secret_env": "X"}
    SmtpSettings.model_validate(good)
    for wrong in (
        {"return_path": "bounce@firma.pl"},
        {"return_path": "a-prefix-that-is-too-long+{letter}.{mac}@firma.pl"},
        {"return_path": "{letter}@{mac}.pl"},
        {"return_path": ""},
        {"return_path_secret_env": ""},
        {"return_path_secret_file": "secret"},
        {"archive": "nobody"},
        {"archive_folder": "archive"},
    ):
        with pytest.raises(ValidationError):
            SmtpSettings.model_validate(good | wrong)


# Garbage ----------------------------------------------------------------------------------------------------------

REAL = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]


@given(st.binary(max_size=2000))
@example(
    b"Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: message/delivery-status\n\n\xff: \x00\n--a--"
)
def test_random_bytes_claim_nothing(content):
    assert read(content).claims == ()


def mutated(chance):
    """A real notice with a few bytes changed, lines dropped, doubled or exchanged with another notice's."""
    lines = chance.choice(REAL).split(b"\n")
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[chance.randrange(len(lines))])
            case 2:
                lines[at] = chance.choice(chance.choice(REAL).split(b"\n"))
            case 3:
                lines[at] = bytes(byte ^ (chance.random() < 0.05) << chance.randrange(8) for byte in lines[at])
            case _:
                lines = lines[:at] or [b""]
        lines = lines or [b""]
    return b"\n".join(lines)


def test_mutated_notices_never_raise_and_change_nothing_but_the_letter_they_prove(tmp_path):
    chance = random.Random(7)
    history = answered(SENT, OTHER)
    path = PATHS.of(LETTER).encode()
    contents = [mutated(chance) for _ in range(1500)]
    for content in contents:
        notice = read(content)
        assert isinstance(notice, Notice)
        assert all(claim.fate in Fate for claim in notice.claims)
    came = found(tmp_path, history, *contents)
    assert {event.key for event in came.events} == {KEY}
    strangers = [content for content in contents if path not in content.lower()]  # have no return path of ours
    assert len(strangers) > 50
    (tmp_path / "strangers").mkdir()
    assert found(tmp_path / "strangers", history, *strangers).events == ()
