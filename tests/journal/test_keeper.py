"""The keeper at work: packs and closes by itself, tells what it cannot do, and ends when asked."""

from contextlib import closing
from pathlib import Path

from journal.journal_harness import Journal, journal
from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Keeper, Reader
from temphub_kernel.journal.archive.compaction import SHRINK_PAGES, SPARE_PAGES
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.schema import BLOCK_ROWS, PAGE_BYTES, open_for_reading

DAY_MS = 86_400_000


def old_and_new(j: Journal) -> int:
    """A block of readings from half a year ago, two of today; how many."""
    now = now_ms()
    times = [now - 200 * DAY_MS + n * 10 for n in range(BLOCK_ROWS)] + [
        now - DAY_MS + n * 10 for n in range(2 * BLOCK_ROWS)
    ]
    j.writer.store([Row("a", "b", n, ms, ms + 50, 200_000_000 + n, None) for n, ms in enumerate(times)])
    j.roll_up()
    j.restart()
    return len(times)


def packs(j: Journal) -> list[int]:
    with closing(open_for_reading(j.path)) as db:
        return [block for (block,) in db.execute("SELECT block FROM packs ORDER BY block")]


def test_months_close_by_themselves(tmp_path: Path) -> None:
    """Full blocks are packed, a month of half a year ago gets its file and its packs go; every reading is
    still there, once."""
    with journal(tmp_path) as j:
        count = old_and_new(j)
        keeper = Keeper(j.path, j.writer, every_s=0.01)
        keeper.start()
        with Reader(j.path) as reader:
            wait_for(lambda: reader.archives() and packs(j) == [1], 60)
            assert keeper.state().problem == "" and keeper.stop(10)
            assert [p.seq for p in reader.after(0, count + 1)] == list(range(count))
            assert len(list((tmp_path / FOLDER).glob("*.parquet"))) == 1


def test_space_goes_back_to_the_system(tmp_path: Path) -> None:
    """What a closed month leaves free in the journal is given back, but for what is soon used again."""
    with journal(tmp_path) as j, closing(open_for_reading(j.path)) as db:
        pages = SPARE_PAGES + 3 * SHRINK_PAGES
        j.writer.change(
            lambda db: db.execute("INSERT INTO packs VALUES (0, zeroblob(?))", (pages * PAGE_BYTES,)).rowcount
        ).result(30)
        j.writer.change(lambda db: db.execute("DELETE FROM packs").rowcount).result(30)
        keeper = Keeper(j.path, j.writer)
        steps = 0
        while keeper.shrink(db):
            steps += 1
        assert steps >= 3 and db.execute("PRAGMA freelist_count").fetchone()[0] <= SPARE_PAGES
        assert db.execute("PRAGMA page_count").fetchone()[0] < pages


def test_closing_can_be_switched_off(tmp_path: Path) -> None:
    """With ARCHIVE_AFTER_DAYS=0 everything stays in the journal."""
    with journal(tmp_path) as j:
        old_and_new(j)
        keeper = Keeper(j.path, j.writer, every_s=0.01, archive_days=0)
        keeper.start()
        wait_for(lambda: packs(j) == [0, 1], 60)
        assert keeper.stop(10)
        with Reader(j.path) as reader:
            assert reader.archives() == [] and not (tmp_path / FOLDER).exists()


def test_what_cannot_be_closed_is_told_and_tried_again(tmp_path: Path) -> None:
    """A folder that cannot be made is told with its remedy; once it can, the month is closed."""
    with journal(tmp_path) as j:
        old_and_new(j)
        (tmp_path / FOLDER).write_text("in the way")
        keeper = Keeper(j.path, j.writer, every_s=0.01, pause_s=0.05)
        keeper.start()
        with Reader(j.path) as reader:
            wait_for(lambda: "could not be moved into their file" in keeper.state().problem, 60)
            assert "they stay in the journal" in keeper.state().problem
            (tmp_path / FOLDER).unlink()
            wait_for(reader.archives, 60)
            wait_for(lambda: keeper.state().problem == "", 60)
        assert keeper.stop(10)


def test_a_hub_that_stops_does_not_wait_for_a_month(tmp_path: Path) -> None:
    """Stopping while a month's file is written ends that process too; the next start finds everything as it
    was."""
    with journal(tmp_path) as j:
        count = old_and_new(j)
        keeper = Keeper(j.path, j.writer, every_s=0.01)
        keeper.start()
        wait_for(lambda: len(packs(j)) == 2, 60)
        assert keeper.stop(10)
        with Reader(j.path) as reader:
            assert reader.count() == count and len(reader.after(0, count + 1)) == count
