"""The log made again from the journal, byte for byte as the hub would have written it. Any one thread; no hub
may write meanwhile.

The new files are made whole beside the log before any old one moves, and the old ones move into a folder of
their own: nothing is overwritten, and what breaks off leaves everything as it was.
"""

import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core import STANDARD, Process, Style, TempHubError, local_text, now_ms, sync_folder
from ..journal import Reader, Writer
from . import columns, position
from .file import aside_name, parts_of, reason

MAX_ROWS = 1_000_000
BUILDING = "-rebuilding-"
NEEDED = (*columns.FIELDS, "delay_ms")
Progress = Callable[[int], object]


class Parts:
    """The new files in a folder: full ones under dated names, the last one under the log's own."""

    def __init__(self, folder: Path, name: str, max_rows: int = MAX_ROWS, style: Style = STANDARD) -> None:
        self.last = folder / name
        self.full: list[Path] = []
        self.no = self.rows = 0
        self._max_rows = max_rows
        self.style = style

    def follow(self, reader: Reader, progress: Progress = lambda _: None) -> None:
        """Write what the journal holds beyond what is written; progress(n) tells of n more readings. May
        raise OSError."""
        self._append(b"" if self.last.exists() else self.style.header)
        while len(
            found := reader.behind(
                self.no, min(position.BLOCK_ROWS, self._max_rows - self.rows), fields=NEEDED, own=True
            )
        ):
            self._append(columns.lines_of(found, self.style))
            self.no, self.rows = int(found.no[-1]), self.rows + len(found)
            if self.rows >= self._max_rows:
                self._put_aside(int(found.received_ms[-1]))
            progress(len(found))
        with self.last.open("ab") as file:
            os.fsync(file.fileno())

    def _append(self, block: bytes) -> None:
        with self.last.open("ab") as file:
            file.write(block)

    def _put_aside(self, received_ms: int) -> None:
        # The hub puts a file aside when its last line is written: the day that reading came in.
        aside = aside_name(self.last, local_text(received_ms)[:10])
        self.last.rename(aside)
        self.full.append(aside)
        self.rows = 0
        self._append(self.style.header)

    def all(self) -> list[Path]:
        """The files, oldest first."""
        return [*self.full, self.last]


def rebuild_beside(
    journal: Path,
    out: Path,
    *,
    force: bool = False,
    progress: Progress = lambda _: None,
    max_rows: int = MAX_ROWS,
    style: Style = STANDARD,
) -> list[Path]:
    """Write the log as `out` and its dated parts, whether or not the hub runs; returns them, oldest first.

    Raises TempHubError when one of them exists (unless `force`), or cannot be written.
    """
    with _made(journal, out, progress, max_rows, style) as (parts, _):
        finals = [out.with_name(part.name) for part in parts.all()]
        there = [path for path in finals if path.exists()]
        if there and not force:
            raise TempHubError(
                f"{there[0]} exists already, so the log was not written there.",
                "Give another name with --out, or --force to replace it.",
                code="file_exists",
            )
        for part, final in zip(parts.all(), finals, strict=True):
            part.replace(final)
    sync_folder(out.parent)
    return finals


def rebuild(
    csv_file: Path,
    journal: Path,
    *,
    alone: Callable[[], bool],
    progress: Progress = lambda _: None,
    max_rows: int = MAX_ROWS,
    style: Style = STANDARD,
) -> tuple[list[Path], Path | None]:
    """Make the log again in its place; returns (the new files, the folder that the old ones went to or None).

    alone(): makes sure that no hub writes from now on, False when one does; asked once the new files are
    made, since that may take minutes. Raises TempHubError, with everything as it was.
    """
    with _made(journal, csv_file, progress, max_rows, style) as (parts, reader):
        if not alone():
            raise hub_runs(csv_file)
        parts.follow(reader, progress)
        finals = [csv_file.with_name(part.name) for part in parts.all()]
        kept = _keep(csv_file)
        moves = [(path, kept / path.name) for path in parts_of(csv_file)] if kept else []
        with _moved([*moves, *zip(parts.all(), finals, strict=True)], kept):
            _bookmark(journal, parts.no, finals[-1], parts.rows, style)
    sync_folder(csv_file.parent)
    return finals, kept


def rebuild_log(
    csv_file: Path,
    journal: Path,
    out: Path | None,
    *,
    alone: Callable[[], bool],
    force: bool,
    style: Style,
    progress: Progress = lambda _: None,
) -> str:
    """`temphub export --rebuild-csv`: the log in its place, or beside it as `out`; returns what to tell the
    user. Raises TempHubError."""
    if out is not None and out != csv_file:
        finals, kept = rebuild_beside(journal, out, force=force, progress=progress, style=style), None
    else:
        finals, kept = rebuild(csv_file, journal, alone=alone, progress=progress, style=style)
    told = f"The CSV log was written again from the journal: {', '.join(map(str, finals))}"
    return f"{told}\nThe files it replaces are kept in {kept}" if kept else told


def hub_runs(csv_file: Path) -> TempHubError:
    """The log belongs to the hub that is running."""
    return TempHubError(
        f"The hub is running and writes {csv_file}, so the log was not rebuilt in its place.",
        "Stop the hub first, or give --out FILE to have it written under another name.",
        code="hub_runs",
    )


@contextmanager
def _made(
    journal: Path, out: Path, progress: Progress, max_rows: int, style: Style
) -> "Iterator[tuple[Parts, Reader]]":
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _drop_unfinished(out)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.stem}{BUILDING}{os.getpid()}-", dir=out.parent))
        try:
            with Reader(journal) as reader:
                parts = Parts(folder, out.name, max_rows, style)
                parts.follow(reader, progress)
                yield parts, reader
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        problem, _ = reason(out, error)
        raise TempHubError(
            f"{problem}; it was not rebuilt, and what was there is unchanged.",
            "Close the files in other programs and check the folder and its free space, then try again.",
            code="csv_unwritable",
        ) from error


def _drop_unfinished(out: Path) -> None:
    """Remove what a rebuild whose process was killed has left."""
    for folder in out.parent.glob(f".{glob.escape(out.stem)}{BUILDING}*"):
        pid = folder.name.rpartition(BUILDING)[2].partition("-")[0]
        if not pid.isdecimal() or not Process(int(pid), "").runs():
            shutil.rmtree(folder, ignore_errors=True)


def _keep(csv_file: Path) -> Path | None:
    """A new folder for the old files; None when there are none."""
    if not parts_of(csv_file):
        return None
    day, number = local_text(now_ms())[:10], 1
    while True:
        kept = csv_file.with_name(
            f"{csv_file.stem} before the rebuild of {day}{f' ({number})' if number > 1 else ''}"
        )
        with suppress(FileExistsError):
            kept.mkdir()
            return kept
        number += 1


@contextmanager
def _moved(moves: list[tuple[Path, Path]], kept: Path | None) -> Iterator[None]:
    """Move files; when one cannot be moved, or what follows fails, all go back."""
    done: list[tuple[Path, Path]] = []
    try:
        for old, new in moves:
            old.rename(new)
            done.append((old, new))
        yield
    except BaseException:
        for old, new in reversed(done):
            new.rename(old)
        if kept:
            kept.rmdir()
        raise


def _bookmark(journal: Path, no: int, csv_file: Path, rows: int, style: Style) -> None:
    """Tell the hub's next start where its log now ends."""
    with csv_file.open("rb") as file:
        place = position.at(file, csv_file, no, rows, style.mark)
    writer = Writer(journal)
    writer.start()
    try:
        position.save(writer, place)
    finally:
        writer.stop()
