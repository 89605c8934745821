"""A journal with readings, a CSV log on it that the test drives step by step, and files that break on
demand."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from temphub_kernel.core.clock import iso_utc, local_text
from temphub_kernel.core.reading import Row
from temphub_kernel.core.spreadsheet import STANDARD, STYLES
from temphub_kernel.csvlog import CsvLog, open_log
from temphub_kernel.journal import NO_VALUE, QUALITY, Columns, Point, Reader, Writer

HEADER = "timestamp,local_time,probe_id,temperature_c,quality\n"
T0 = 1_795_438_440_123


class Killed(BaseException):
    """The process ends here, as with kill -9."""


def row(
    taken_ms: int, units: int | None = 238_000_000, probe: str = "TempProbe-0096", quality: str | None = None
) -> Row:
    return Row(probe, None, None, taken_ms, taken_ms, units, quality if units is None else None)


def rows(count: int, first: int = 0) -> list[Row]:
    """Different probes, good and bad values, several readings with the same time and value among them."""
    return [
        row(
            T0 + (first + n) // 3 * 700,
            None if (first + n) % 5 == 4 else (200_000_000, 200_000_001, 218_750_000)[(first + n) % 3],
            f"P-{n % 2}",
            "crc",
        )
        for n in range(count)
    ]


def line_of(given: Row) -> str:
    """What the log must say of a reading, written down independently."""
    number = "" if given.units is None else f"{Decimal(given.units) / 10**7:.7f}".rstrip("0")
    number += "0" if number.endswith(".") or number[-4:-3] == "." else ""
    return (
        f"{iso_utc(given.taken_ms)},{local_text(given.taken_ms)},{given.probe_id},{number}"
        f",{given.quality or ''}\n"
    )


def said_of(given: Row) -> str:
    """What a line says in any style: all but the local time, which is in its own words."""
    timestamp, _, *rest = line_of(given).split(",")
    return ",".join([timestamp, *rest])


def columns_of(points: list[Point]) -> Columns:
    """Readings as the columns of which lines are made."""
    ids = dict(enumerate(sorted({point.probe_id for point in points})))
    numbers = {probe_id: no for no, probe_id in ids.items()}
    none = np.empty(0, np.int64)
    probe, taken_ms, units, quality = (
        np.array(column, np.int64)
        for column in (
            [numbers[point.probe_id] for point in points],
            [point.taken_ms for point in points],
            [NO_VALUE if point.units is None else point.units for point in points],
            [QUALITY.index(point.quality) for point in points],
        )
    )
    return Columns(ids, none, probe, taken_ms, none, units, none, quality, none, none, none, none, none)


@dataclass
class Disk:
    """Opens the log as the hub does, or fails as a disk or Windows does."""

    held: bool = False
    kill_at: int = -1
    fail_at: int = -1
    error: OSError = field(default_factory=lambda: OSError(28, "No space left on device"))
    calls: int = 0

    def open(self, path: Path) -> BinaryIO:
        if self.held:
            raise PermissionError(13, "Permission denied")
        return BreakingFile(open_log(path), self)  # type: ignore[return-value]

    def call(self) -> BaseException | None:
        self.calls += 1
        if self.calls == self.kill_at:
            return Killed()
        return self.error if self.calls == self.fail_at else None


class BreakingFile:
    """A real file whose writes can end half done."""

    def __init__(self, file: BinaryIO, disk: Disk) -> None:
        self._file = file
        self._disk = disk

    def write(self, block: bytes) -> int:
        broken = self._disk.call()
        if broken is not None:
            self._file.write(block[: len(block) * 2 // 3])
            self._file.flush()
            raise broken
        return self._file.write(block)

    def truncate(self, size: int) -> int:
        broken = self._disk.call()
        if broken is not None:
            raise broken
        return self._file.truncate(size)

    def flush(self) -> None:
        self._file.flush()
        broken = self._disk.call()
        if broken is not None:
            raise broken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "BreakingFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class Harness:
    """A hub's journal and its log. `stored` is what the log must say, in order."""

    def __init__(self, folder: Path, *, max_rows: int = 1_000_000, name: str = "temperature_log.csv") -> None:
        self.folder = folder
        self.csv = folder / name
        self.journal = folder / "temphub.sqlite3"
        self.writer = Writer(self.journal, gather_s=0.0)
        self.writer.start()
        self.reader = Reader(self.journal)
        self.disk = Disk()
        self.max_rows = max_rows
        self.style = STANDARD
        self.stored: list[Row] = []
        self.log = self.new_log()

    def new_log(self) -> CsvLog:
        return CsvLog(
            self.csv,
            self.journal,
            self.writer,
            every_s=0.01,
            open_log=self.disk.open,
            max_rows=self.max_rows,
            style=self.style,
        )

    def store(self, given: list[Row]) -> None:
        self.writer.store(given)
        self.stored += given

    def step(self) -> int:
        return self.log.step(self.reader)

    def drain(self) -> None:
        """Steps until nothing waits."""
        for _ in range(10_000):
            self.step()
            if not self.log.waiting():
                return
        raise AssertionError(self.log.state())

    def crash(self) -> None:
        """The process is gone without a word; a new one begins."""
        self.disk.kill_at = self.disk.fail_at = -1
        self.log = self.new_log()

    def restart(self) -> None:
        """A clean end in the log's own thread, and a new start."""
        self.log.start()
        assert self.log.stop()
        self.log = self.new_log()

    def saved_size(self) -> int:
        return int(self.reader.bookmark("csv")[1].get("file size", 0))

    def expected(self) -> str:
        return HEADER + "".join(map(line_of, self.stored))

    def text(self) -> str:
        return self.csv.read_bytes().decode()

    def asides(self) -> list[Path]:
        """Files put aside, oldest first."""
        found = [path for path in self.folder.glob("*.csv") if path != self.csv]
        return sorted(found, key=lambda path: (len(path.name), path.name))

    def all_lines(self) -> list[str]:
        """The lines of all files in order, without the headers."""
        lines: list[str] = []
        for path in [*self.asides(), self.csv]:
            first, *rest = path.read_bytes().decode().splitlines(keepends=True)
            assert first == HEADER
            lines += rest
        return lines

    def all_said(self) -> list[str]:
        """What the lines of all files say, in order, as the standard style has it; each file is of one
        style."""
        headers = {style.header.decode(): style.separator for style in STYLES.values()}
        lines: list[str] = []
        for path in [*self.asides(), self.csv]:
            first, *rest = path.read_bytes().decode().splitlines(keepends=True)
            cells = [line.split(headers[first]) for line in rest]
            dates = {re.sub(r"\d", "0", row[1]) for row in cells}
            assert len(dates) < 2 and len({sign for row in cells for sign in row[3] if sign in ",."}) < 2, (
                path
            )
            lines += [",".join([row[0], row[2], row[3].replace(",", "."), row[4]]) for row in cells]
        return lines

    def close(self) -> None:
        self.log.stop()
        self.reader.close()
        assert self.writer.stop()


@contextmanager
def harness(folder: Path, **options: Any) -> Iterator[Harness]:
    folder.mkdir(parents=True, exist_ok=True)
    made = Harness(folder, **options)
    try:
        yield made
    finally:
        made.close()
