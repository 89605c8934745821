"""A real journal in a temporary folder."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Keeper, Reader, RollUps, Writer
from temphub_kernel.journal.archive.closing import close_month, due
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.blocks import Stored
from temphub_kernel.journal.schema import open_for_reading

T0 = 1_795_438_440_000


def row(taken_ms: int = T0, units: int | None = 200_000_000, probe: str = "P", *, boot: str | None = None, seq: int | None = None) -> Row:
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


def pack_all(j: Journal) -> int:
    """Packs every block that may be packed; how many."""
    j.restart()  # the writer then says what it knows of repeats, so that the rows are free to go
    keeper, packed = Keeper(j.path, j.writer), 0
    with closing(open_for_reading(j.path)) as db:
        while keeper.pack_one(db):
            packed += 1
    return packed


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
