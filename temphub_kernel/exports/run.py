"""Making an export: rows from the journal into a file that stands under its name only when it is whole. One
thread."""

import errno
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from ..core import NO_ROOM, DiskFull, HubFault, TempHubError
from ..journal import Reader
from .csv import CsvTable
from .order import Order
from .source import Piece, Source

Progress = Callable[[float, int], object]


class Table(Protocol):
    """What takes the rows."""

    def add(self, piece: Piece) -> None: ...
    def close(self) -> None: ...


def quiet(_share: float, _rows: int) -> None:
    """Progress that nobody watches."""


def write_csv(journal: Path, order: Order, out: BinaryIO, progress: Progress = quiet) -> int:
    """Write a CSV to an open file or pipe; returns the number of rows. Raises TempHubError, OSError."""
    with Reader(journal) as reader:
        source = Source(reader, order)
        return _pour(source, CsvTable(out, order, source), progress)


def write_files(
    journal: Path, order: Order, path: Path, progress: Progress = quiet
) -> tuple[list[Path], int]:
    """Write the file, half made while it lasts; returns (its parts, rows). Raises TempHubError, OSError."""
    if order.form == "csv":
        with path.open("wb") as out:
            return [path], write_csv(journal, order, out, progress)
    with Reader(journal) as reader:
        source = Source(reader, order)
        table = _table(path, order, source)
        try:
            rows = _pour(source, table, progress)
        except BaseException:
            table.give_up()
            raise
        return table.paths, rows


def export(
    journal: Path, order: Order, out: Path, *, force: bool = False, progress: Progress = quiet
) -> tuple[list[Path], int]:
    """Make the file `out`, whole or not at all; returns (the files, rows).

    Raises TempHubError when one exists (unless `force`), or the disk does not take it.
    """
    _check_free([out], force)
    with _disk_in_words(out), _beside(out) as folder:
        parts, rows = write_files(journal, order, folder / out.name, progress)
        finals = [out.with_name(part.name) for part in parts]
        _check_free(finals, force)
        for part, final in zip(parts, finals, strict=True):
            part.replace(final)
    return finals, rows


@contextmanager
def whole_file(out: Path, *, force: bool) -> Iterator[Path]:
    """Where to write what becomes `out` when the block ends: whole, or not at all.

    Raises TempHubError when it exists (unless `force`), when another program holds it, or when the disk does
    not take it; what stood there is then as it was.
    """
    _check_free([out], force)
    with _disk_in_words(out), _beside(out) as folder:
        part = folder / out.name
        yield part
        _check_free([out], force)
        part.replace(out)


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A folder on the disk of `out` for what is half made."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.stem}-exporting-", dir=out.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def disk_error(error: OSError, where: object) -> TempHubError:
    """The disk's refusal in words."""
    full = error.errno in (*NO_ROOM, errno.EFBIG)
    said = "the disk is full" if full else error.strerror or str(error)
    if isinstance(error, PermissionError):
        return HubFault(
            f"{where} could not be written ({said}): another program such as Excel has it open, or it is "
            "protected. What stood there is unchanged.",
            "Close it there and run this again, or choose another name.",
            code="export_unwritable",
        )
    kind = DiskFull if full else HubFault
    return kind(
        f"The export could not be written to {where} ({said}); no half file was left.",
        "Free some space, close the file in other programs, or choose another place with --out.",
        code="export_unwritable",
    )


def _pour(source: Source, table: Table, progress: Progress) -> int:
    rows, (start, end) = 0, source.span
    for piece in source.pieces():
        table.add(piece)
        rows += len(piece.at_ms)
        progress(min((int(piece.at_ms[-1]) - start) / max(end - start, 1), 1.0), rows)
    table.close()
    return rows


def _table(path: Path, order: Order, source: Source) -> "_File":
    # Each is loaded only when it is wanted: the hub itself needs none of them.
    if order.form == "parquet":
        from .parquet import ParquetTable

        return ParquetTable(path, order, source)
    from .xlsx import XlsxTable

    return XlsxTable(path, order, source)


class _File(Table, Protocol):
    paths: list[Path]

    def give_up(self) -> None: ...


def _check_free(paths: list[Path], force: bool) -> None:
    there = next((path for path in paths if path.exists() and not force), None)
    if there is not None:
        raise TempHubError(
            f"{there} exists already, so nothing was exported.",
            "Give another name with --out, or --force to replace it (in a notebook replace=True).",
            code="file_exists",
        )


@contextmanager
def _disk_in_words(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_error(error, out) from error
