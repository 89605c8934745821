"""The writer: acknowledged is on disk, once; what fails is told."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from journal.journal_harness import T0, journal, row
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import UNITS_PER_C
from temphub_kernel.journal import Outcome, Reader, Writer, save_bookmark
from temphub_kernel.journal.writer import MAX_WAITING

HUB = """
import sys
from pathlib import Path
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Writer
writer = Writer(Path(sys.argv[1]))
writer.start()
number = 0
while True:
    writer.store([Row("P", "b", number, 1795438440000 + number, 1795438440000 + number, number, None)])
    print(number, flush=True)
    number += 1
"""


def test_acknowledged_survives_kill_minus_nine(tmp_path: Path) -> None:
    """What was acknowledged before a SIGKILL is in the journal, and a repeat of it is known as one."""
    path = tmp_path / "temphub.sqlite3"
    with subprocess.Popen([sys.executable, "-c", HUB, str(path)], stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        while int(hub.stdout.readline()) < 12:
            pass
        hub.send_signal(signal.SIGKILL)
        acknowledged = [12, *(int(line) for line in hub.stdout if line.endswith("\n"))][-1]
    with journal(tmp_path) as j, Reader(path) as reader:
        assert [point.seq for point in reader.after(0, 10**6)][: acknowledged + 1] == list(
            range(acknowledged + 1)
        )
        again = j.writer.store(
            [row(units=number, seq=number, boot="b") for number in range(acknowledged + 1)]
        )
        assert again == Outcome(0, acknowledged + 1)


DELIVERIES = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["P", "Q"]),
            st.sampled_from(["b1", "b2"]),
            st.lists(st.integers(0, 12), max_size=8),
        ),
        st.sampled_from(["restart", "crash"]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(DELIVERIES)
def test_each_number_is_stored_once(deliveries: list) -> None:
    """Whatever the order, the repeats, restarts and crashes: each number of a boot is stored once, and
    counted rightly."""
    known: set[tuple[str, str, int]] = set()
    with journal() as j:
        ended: list[Writer] = []
        for delivery in deliveries:
            if delivery == "restart":
                j.restart()
            elif delivery == "crash":
                # The old writer saves nothing any more before the new one begins; it is only ended below.
                ended.append(j.writer)
                j.writer = j.new_writer()
            else:
                probe, boot, numbers = delivery
                new = {(probe, boot, number) for number in numbers} - known
                outcome = j.writer.store([row(T0 + n, n, probe, boot=boot, seq=n) for n in numbers])
                assert outcome == Outcome(len(new), len(numbers) - len(new))
                known |= new
        with Reader(j.path) as reader:
            stored = [(p.probe_id, p.boot, p.seq) for p in reader.after(0, 1000)]
        assert len(stored) == len(known) and set(stored) == known
        for writer in ended:
            assert writer.stop()


def test_a_used_number_with_another_value_is_no_repeat(tmp_path: Path) -> None:
    """Two devices with one id, boot mark and count: all that both deliver is stored, and what either repeats
    is stored once."""
    with journal(tmp_path) as j:
        cold = [row(T0 + n, -18 * UNITS_PER_C, boot="b", seq=n) for n in range(50)]
        hot = [row(T0 + n, 180 * UNITS_PER_C, boot="b", seq=n) for n in range(50)]
        warm = [row(T0 + n, 20 * UNITS_PER_C, boot="b", seq=n) for n in range(50)]
        assert j.writer.store(cold) == Outcome(50, 0)
        assert j.writer.store(hot) == Outcome(50, 0, 50)
        assert j.writer.store(warm) == Outcome(50, 0, 50)
        for _ in range(2):
            for readings in (cold, hot, warm):
                assert j.writer.store(readings) == Outcome(0, 50)
            j.restart()
        with Reader(j.path) as reader:
            assert Counter(point.units for point in reader.after(0, 1000)) == {
                one[0].units: 50 for one in (cold, hot, warm)
            }


def test_a_count_that_begins_anew_is_not_taken_for_repeats(tmp_path: Path) -> None:
    """A sender that counts from 0 after a restart without a new boot mark loses nothing, however long ago the
    numbers were used."""
    with journal(tmp_path) as j:
        j.writer.store([row(T0, units=0, boot="b", seq=n) for n in range(10)])
        filler = [row(T0, boot="c", seq=n) for n in range(60_000)]
        j.writer.store(filler, 60)
        j.writer.store([row(T0, units=0, boot="b", seq=60)])
        assert j.writer.store([row(T0, units=0, boot="b", seq=3)]) == Outcome(1, 0, 1)


def test_readings_without_a_number_are_all_stored(tmp_path: Path) -> None:
    """Without a boot or a number nothing can be a repeat, also when the journal is opened again after a
    crash."""
    with journal(tmp_path) as j:
        assert j.writer.store([row()] * 3) == Outcome(3, 0)
        assert j.writer.store([row(boot="b")] * 2) == Outcome(2, 0)
        other = j.new_writer()
        assert other.store([row(boot="b"), row(boot="b", seq=1)]) == Outcome(2, 0)
        assert other.stop()


def test_a_change_that_fails_is_undone_alone(tmp_path: Path) -> None:
    """A room's change that fails half-way leaves nothing and hurts neither readings nor other changes of that
    commit."""

    def half(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO notes VALUES ('half', 1, '{}')")
        raise KeyError("broken")

    def whole(db: sqlite3.Connection) -> str:
        db.execute("INSERT INTO notes VALUES ('whole', 7, '{}')")
        return "done"

    with journal(tmp_path) as j:
        bad, good = j.writer.change(half), j.writer.change(whole)
        assert j.writer.store([row()]) == Outcome(1, 0)
        assert good.result(PATIENCE_S) == "done" and isinstance(bad.exception(5), KeyError)
        with Reader(j.path) as reader:
            assert reader.note("half") == (0, {}) and reader.note("whole") == (7, {})


def test_stop_commits_what_waits(tmp_path: Path) -> None:
    """What was handed over before the stop is stored; afterwards readings and changes are refused at once."""
    with journal(tmp_path) as j:
        told: list[object] = []
        slow = Writer(tmp_path / "slow.sqlite3", gather_s=5, gather_rows=1000)
        slow.start()
        for number in range(20):
            slow.submit([row(T0 + number)], told.append)
        change = slow.change(lambda db: db.execute("INSERT INTO notes VALUES ('n', 1, '{}')").rowcount)
        assert slow.stop() and change.result(0) == 1
        assert told == [Outcome(1, 0)] * 20
        with Reader(slow.path) as reader:
            assert reader.count() == 20
        with pytest.raises(TempHubError) as caught:
            slow.submit([row()], told.append)
        assert caught.value.status == 503
        with pytest.raises(TempHubError):
            save_bookmark(slow, "csv", 1, {})
        assert j.writer.state().running


def test_a_listener_that_breaks_does_not_stop_the_writer(tmp_path: Path) -> None:
    """An acknowledgement nobody can take any more costs the others nothing: they are told, and storing goes
    on."""

    def gone(_: object) -> None:
        raise RuntimeError("event loop is closed")

    writer = Writer(tmp_path / "temphub.sqlite3", gather_s=0.2, gather_rows=1000)
    writer.start()
    future: Future[object] = Future()
    writer.submit([row()], gone)
    writer.submit([row()], future.set_result)
    assert future.result(PATIENCE_S) == Outcome(1, 0)
    assert writer.store([row()], PATIENCE_S) == Outcome(1, 0) and not writer.state().problem
    assert writer.stop()


def test_busy(tmp_path: Path) -> None:
    """When too much waits, a delivery is refused with words, and taken again later."""
    with journal(tmp_path) as j:
        entered, release = threading.Event(), threading.Event()
        stalled = j.writer.change(lambda _: (entered.set(), release.wait(PATIENCE_S)))
        assert entered.wait(PATIENCE_S)
        many, told = [row()] * (MAX_WAITING // 2), []
        j.writer.submit(many, told.append)
        j.writer.submit(many, told.append)
        with pytest.raises(TempHubError, match=rf"{MAX_WAITING} readings wait for its disk already"):
            j.writer.submit([row()], told.append)
        release.set()
        stalled.result(PATIENCE_S)
        wait_for(lambda: told == [Outcome(len(many), 0)] * 2, 60)
        # What waits is counted down just after the acknowledgement.
        wait_for(lambda: _taken(j.writer))


def _taken(writer: Writer) -> bool:
    try:
        return writer.store([row()], 60) == Outcome(1, 0)
    except TempHubError:
        return False


def test_a_journal_that_breaks_is_told_and_opened_again(tmp_path: Path) -> None:
    """When a commit fails everyone who waits hears why and nothing of it is stored; the next one works by
    itself."""
    with journal(tmp_path) as j:
        j.writer.store([row(boot="b", seq=1)])
        with pytest.raises(TempHubError, match="could not be written"):
            j.writer.store([row(boot="b", seq=2), row(units=2**70)])
        assert j.writer.state().problem
        assert j.writer.store([row(boot="b", seq=1), row(boot="b", seq=2)]) == Outcome(1, 1)
        assert not j.writer.state().problem


@pytest.mark.parametrize("what", ["text", "folder", "newer", "no folder"])
def test_a_journal_that_cannot_be_used_stops_the_start(tmp_path: Path, what: str) -> None:
    """A file that is no journal, a newer version, or a path that cannot be: problem and remedy at the
    start."""
    path = tmp_path / "temphub.sqlite3"
    if what == "text":
        path.write_text("no database, " * 500)
    elif what == "folder":
        path.mkdir()
    elif what == "no folder":
        path.write_text("")
        path = path / "deeper" / "temphub.sqlite3"
    else:
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version=99")
        db.close()
    with pytest.raises(TempHubError) as caught:
        Writer(path).start()
    assert str(path) in caught.value.problem and "DATA_DIR" in caught.value.remedy
    assert ("version 99" in caught.value.problem) == (what == "newer")
    if what in ("text", "newer"):
        with pytest.raises(TempHubError):
            Reader(path)


def test_who_is_answered_together_is_committed_together_where_the_disk_is_slow(tmp_path: Path) -> None:
    """Two groups that are answered in turns become one; where the disk is quick nobody is waited for."""
    writer = Writer(tmp_path / "temphub.sqlite3", gather_s=60)

    def deliver(count: int) -> None:
        for _ in range(count):
            writer.submit([row()], lambda _: None)

    writer._last = 8, 0.0
    deliver(8)
    assert len(writer._gather()) == 8
    writer._last = 8, 240.0
    deliver(8)
    with ThreadPoolExecutor(1) as pool:
        gathered = pool.submit(writer._gather)
        wait_for(lambda: writer._awaited == 16)
        deliver(8)
        assert len(gathered.result(30)) == 16
    # Those who were answered last are all there: no other is waited for.
    writer._last = 16, 240.0
    with ThreadPoolExecutor(1) as pool:
        gathered = pool.submit(writer._gather)
        deliver(16)
        assert len(gathered.result(30)) == 16
