"""A real journal in a temporary folder."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from temphub_kernel.core.reading import Row
from temphub_kernel.journal import NO_VALUE, QUALITY, Keeper, Reader, RollUps, Writer, batches
from temphub_kernel.journal.archive.closing import close_month, due
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.blocks import Stored
from temphub_kernel.journal.schema import open_for_reading
from temphub_kernel.journal.statistics import minutes

T0 = 1_795_438_440_000


def row(
    taken_ms: int = T0,
    units: int | None = 200_000_000,
    probe: str = "P",
    *,
    boot: str | None = None,
    seq: int | None = None,
) -> Row:
    return Row(probe, boot, seq, taken_ms, max(taken_ms, T0), units, None if units is not None else "crc")


class Journal:
    """A writer that runs, and readers on demand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "temphub.sqlite3"
        self.writer = self.new_writer()

    def new_writer(self) -> Writer:
        writer = Writer(self.path, gather_s=0)
        writer.start()
        return writer

    def restart(self) -> None:
        assert self.writer.stop()
        self.writer = self.new_writer()

    def roll_up(self) -> None:
        """Takes in all readings, as the roll-ups do in the background."""
        rollups = RollUps(self.path, self.writer, every_s=0.005)
        rollups.start()
        with Reader(self.path) as reader:
            stop_at = reader.count()
            while reader.bookmark("rollups")[0] < stop_at:
                rollups.stopping.wait(0.002)
        assert rollups.stop()


@contextmanager
def journal(folder: Path | None = None) -> Iterator[Journal]:
    with tempfile.TemporaryDirectory() as own:
        made = Journal(folder or Path(own))
        try:
            yield made
        finally:
            assert made.writer.stop()


def as_rows(db: sqlite3.Connection) -> int:
    """Has each reading that is in a batch be a row, as before version 5 of the journal; how many were."""
    fields = ("no", "probe", "taken_ms", "delay_ms", "units", "quality", "boot", "seq")
    rows = [
        (
            *row[:4],
            None if row[4] == NO_VALUE else row[4],
            QUALITY[row[5]],
            *(None if one < 0 else one for one in row[6:]),
        )
        for batch in batches.between(db, 0, 2**62)
        for row in zip(*(batch[name].tolist() for name in fields), strict=True)
    ]
    db.executemany(f"INSERT INTO readings ({', '.join(fields)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.execute("DELETE FROM batches")
    return len(rows)


def pack_minutes(j: Journal) -> int:
    """Packs the minutes of all days, also of those that the keeper leaves alone yet; how many days."""

    def apply(db: sqlite3.Connection) -> int:
        packed = 0
        while days := minutes.to_pack(db, 2**40, 8):
            packed += sum(minutes.pack_day(db, *day) > 0 for day in days)
        return packed

    return j.writer.change(apply).result(30)


def pack_all(j: Journal, *, days: bool = True) -> int:
    """Packs every block that may be packed, and the minutes of all days (journals before version 8 knew none
    of that); how many blocks."""
    if days:
        pack_minutes(j)
    j.restart()  # the writer then says what it knows of repeats, so that the rows are free to go
    keeper, packed = Keeper(j.path, j.writer), 0
    with closing(open_for_reading(j.path)) as db:
        while some := keeper.pack_some(db):
            packed += some
    return packed


def merge_all(j: Journal) -> int:
    """Makes segments of all packs that may become some; how many."""
    keeper, made = Keeper(j.path, j.writer), 0
    with closing(open_for_reading(j.path)) as db:
        while keeper.merge_some(db):
            made += 1
    return made


def close_months(j: Journal, before_ms: int) -> list[str]:
    """Closes every month that ended before a time and drops what that freed; the months."""
    closed = []
    with closing(open_for_reading(j.path)) as db:
        while (month := due(db, Stored(db, j.path.parent / FOLDER), before_ms)) is not None:
            assert close_month(db, j.path, j.writer, month, lambda: False)
            closed.append(month)
        while Keeper(j.path, j.writer).drop_some(db):
            pass
    return closed
