"""One reading of the journal for all pages that show the same."""

import threading

import pytest

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.page.choices.view import CHIPS, Wanted, Window
from temphub_kernel.page.data import shared

WANTED = [Wanted(window) for window in CHIPS]


@pytest.fixture
def readings(journal):
    """The readings of a journal with one probe, as a page joins them."""
    journal.readings("kitchen", [20.0, 21.5], ago_s=4, every_s=2)
    yield shared.join(journal.path)
    shared.leave(journal.path)


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("temphub-page")]


def test_pages_that_ask_at_the_same_time_are_given_the_same(readings):
    """Ten pages with the same window read the journal once and keep one thread between them."""
    answers = [readings.read(WANTED[0], now_ms()).result(PATIENCE_S) for _ in range(10)]
    assert all(answer is answers[0] for answer in answers) and len(threads()) == 1


def test_a_page_that_asks_again_is_told_anew(journal, readings):
    """A page is never given again what it has: its next question is answered with what was stored since."""
    first = readings.read(WANTED[0], now_ms())
    assert first.result(PATIENCE_S).probes[0].good.celsius == 21.5
    journal.reading("kitchen", 30.25)
    second = readings.read(WANTED[0], now_ms(), first)
    assert second.result(PATIENCE_S).probes[0].good.celsius == 30.25
    assert readings.read(WANTED[0], now_ms(), first) is second


def test_each_window_is_its_own(readings):
    """A page with another window is given that window."""
    given = [readings.read(window, now_ms()).result(PATIENCE_S).window for window in WANTED]
    assert given == list(CHIPS)


def test_what_fails_is_not_kept(journal, readings, tmp_path):
    """A journal that cannot be read fails for the page that asks, and is tried again by the next."""
    missing = shared.join(tmp_path / "missing.sqlite3")
    for _ in range(2):
        with pytest.raises(TempHubError):
            missing.read(WANTED[0], now_ms()).result(PATIENCE_S)
    shared.leave(tmp_path / "missing.sqlite3")
    assert readings.read(WANTED[0], now_ms()).result(PATIENCE_S).probes


def test_another_journal_in_the_same_place_is_shown_as_it_is(journal, readings, tmp_path):
    """While pages are open a damaged journal is put aside, or a back-up put in its place: within one look
    they show what is there, as if they were just opened, and nothing of what was."""
    asked = [wanted._replace(line_c=8.0) for wanted in WANTED[:3]]
    journal.described("kitchen", alias="Old kitchen")
    journal.alarm(journal.rule(kind="above", limit_c=8))
    told = {wanted: readings.read(wanted, now_ms()) for wanted in asked}
    assert {one.result(PATIENCE_S).probes[0].name for one in told.values()} == {"Old kitchen"}
    other = tmp_path / "other"
    other.mkdir()
    restored = type(journal)(other / journal.path.name)
    try:
        restored.readings("kitchen", [4.0, 4.5], ago_s=4, every_s=2)
        restored.readings("bar", [5.0, 5.5], ago_s=4, every_s=2)
    finally:
        restored.stop()
    for ending in ("", "-wal", "-shm"):
        old = journal.path.with_name(journal.path.name + ending)
        old.rename(old.with_name(f"aside{ending}"))
    with pytest.raises(TempHubError):
        readings.read(asked[0], now_ms(), told[asked[0]]).result(PATIENCE_S)
    (other / journal.path.name).rename(journal.path)
    for wanted in asked:
        shot = readings.read(wanted, now_ms(), told[wanted]).result(PATIENCE_S)
        assert [(one.id, one.name, one.good.celsius) for one in shot.probes] == [
            ("bar", "bar", 5.5),
            ("kitchen", "kitchen", 4.5),
        ]
        assert shot.stored == 4 and not shot.alarms.live and not any(one.rules for one in shot.probes)
        assert shot.probes[1].statistics.high == 4.5 and shot.probes[1].glance.high == 4.5


def test_the_last_page_to_leave_closes_the_journal(journal):
    """As long as one page is there the others' leaving changes nothing; with the last one no thread is
    left."""
    pages = [shared.join(journal.path) for _ in range(3)]
    assert pages[0] is pages[1] is pages[2]
    pages[0].read(WANTED[0], now_ms()).result(PATIENCE_S)
    for _ in range(2):
        shared.leave(journal.path)
        assert pages[0].read(WANTED[0], now_ms()).result(PATIENCE_S)
    shared.leave(journal.path)
    wait_for(lambda: not threads())


def test_the_number_of_windows_has_an_end(readings):
    """Whatever windows pages ask for, only the last few are kept, and one that was let go is read again."""
    many = [Wanted(Window(60_000 * minutes)) for minutes in range(1, shared.MOST + 10)]
    for window in many:
        assert readings.read(window, now_ms()).result(PATIENCE_S).window == window.window
    wait_for(lambda: len(threads()) <= shared.MOST)
    assert readings.read(many[0], now_ms()).result(PATIENCE_S).window == many[0].window
