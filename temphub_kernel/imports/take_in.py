"""Carrying out an import: gathered in this process, then handed over to the hub that runs, or put into the
journal where none does. Main thread only."""

import hashlib
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from ..core import NO_ROOM, Conflict, DiskFull, Settings, TempHubError, iso_utc, sync_folder
from ..hub import HubLock, read_info
from ..hub.client import HubClient
from ..journal import LIST_FILE, NO_VALUE, QUALITY, Import, Reader, Writer, register, undo_import
from . import gather, times
from .source import Counts, Said, Source

T = TypeVar("T")
SHOWN = 3
SHOW_S = 0.5


def samples(path: Path, source: Source) -> Iterator[str]:
    """The first readings, as they would be stored. Raises TempHubError."""
    with _worded(path):
        yield from _samples(source)


def _samples(source: Source) -> Iterator[str]:
    left = SHOWN
    for piece in itertools.islice(source.pieces(Counts()), 20):
        for at in range(min(left, len(piece.series))):
            units, quality = int(piece.units[at]), QUALITY[int(piece.quality[at])]
            value = "no value" if units == NO_VALUE else f"{units / 1e7:g} °C"
            name = piece.names[int(piece.series[at])]
            mark = f" ({quality})" if quality else ""
            yield f"{times.day_text(int(piece.taken_ms[at]))} UTC  {value}{mark}  {name}"
            left -= 1
        if left <= 0:
            return


def take_in(
    settings: Settings, path: Path, source: Source, ids: Mapping[str, str], said: Said
) -> Iterator[str]:
    """Import a file; what to say of it. All of it or nothing. Raises TempHubError."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    choices = {name: value for name, value in asdict(said).items() if value not in ("", (), None, True)}
    choices = json.loads(json.dumps({**choices, "ids": dict(ids)}))
    same = next((one for one in known(settings) if one.sha256 == sha256 and not one.undone_ms), None)
    if same is not None and same.choices == choices:
        yield f"{path.name} was imported already, as import {same.no} on {iso_utc(same.made_ms)[:10]}."
        return
    if same is not None:
        raise Conflict(
            f"{path.name} is import {same.no} already, and was read otherwise then; both would count.",
            f"Take that one back first: temphub import --undo {same.no}",
            code="imported_otherwise",
        )
    with _worded(path), gather.new_folder(settings.data_dir) as folder:
        gathered = _gathered(settings, folder, source, ids)
        found, counts = gathered.found, gathered.counts
        if not found.readings:
            yield f"{path.name} has nothing that is not there already, so nothing was imported."
        else:
            told: dict[str, Any] = {
                "name": path.name,
                "form": source.form,
                "sha256": sha256,
                "files": found.files,
            }
            told |= {"probes": list(found.probes.values()), "parts": gather.parts_of(found)}
            (folder / LIST_FILE).write_text(json.dumps({**told, "choices": choices}), encoding="utf-8")
            sync_folder(folder)
            no = _done(settings, lambda hub: hub.take_in(folder.name), lambda w: register(w, folder.name))
            yield _summary(path, no, found)
        yield from _left_out(counts)


def undo(settings: Settings, no: int) -> None:
    """Take an import back. Raises TempHubError."""
    _done(settings, lambda hub: hub.undo_import(no), lambda writer: undo_import(writer, no))


def known(settings: Settings) -> list[Import]:
    """What was imported into the journal so far."""
    if not settings.journal_file.exists():
        return []
    with Reader(settings.journal_file) as reader:
        return reader.imports()


def _gathered(settings: Settings, folder: Path, source: Source, ids: Mapping[str, str]) -> gather.Gatherer:
    reader = Reader(settings.journal_file) if settings.journal_file.exists() else None
    try:
        gatherer = gather.Gatherer(folder, ids, reader, own=source.form.startswith("TempHub"))
        with _progress() as progress:
            gatherer.gather(source, progress)
        return gatherer
    finally:
        if reader is not None:
            reader.close()


def _done(settings: Settings, ask: Callable[[HubClient], T], do: Callable[[Writer], T]) -> T:
    """Told to the hub that runs; where none does, done here, and no hub starts meanwhile."""
    lock = HubLock(settings.data_dir)
    if not lock.take():
        info = read_info(settings.data_dir)
        return ask(HubClient(settings, info.url if info else ""))
    try:
        writer = Writer(settings.journal_file)
        writer.start()
        try:
            return do(writer)
        finally:
            writer.stop()
    finally:
        lock.release()


def _summary(path: Path, no: int, found: gather.Found) -> str:
    who = list(found.probes)
    names = ", ".join(who[:6]) + (f" and {len(who) - 6:,} more" if len(who) > 6 else "")
    return (
        f"{path.name} is import {no}: {found.readings:,} readings of {names}, "
        f"{times.day_text(found.oldest_ms)} to {times.day_text(found.newest_ms)} UTC. Take it back with: "
        f"temphub import --undo {no}"
    )


def _left_out(counts: Counts) -> Iterator[str]:
    told = counts.told
    if told["known"]:
        yield f"  {told['known']:,} were there already and stay as they are."
    if told["repeats"]:
        yield f"  {told['repeats']:,} stood in the file more than once."
    if told["twice"]:
        yield (
            f"  {told['twice']:,} lie in an hour that the clock showed twice (end of summer time): taken in "
            "the order of the lines, as the first time round where nothing steps back."
        )
    if told["leapt"]:
        yield f"  {told['leapt']:,} lie in an hour that the clock left out (spring): counted as before it."
    if told["means"]:
        yield f"  {told['means']:,} of them are means of an hour, where nothing else is left."
    if told["other"]:
        yield f"  {told['other']:,} values of other fields were passed over."
    for why, count in counts.left_out.items():
        example = counts.examples[why]
        yield f"  {count:,} left out: {why}" + (f" (such as: {example})" if example else "") + "."


@contextmanager
def _progress() -> Iterator[gather.Progress | None]:
    if not sys.stderr.isatty():
        yield None
        return
    last = [0.0]

    def show(share: float, rows: int) -> None:
        if time.monotonic() - last[0] > SHOW_S:
            last[0] = time.monotonic()
            sys.stderr.write(f"\r{share:4.0%}  {rows:,} readings")
            sys.stderr.flush()

    yield show
    sys.stderr.write("\r" + " " * 40 + "\r")


@contextmanager
def _worded(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise DiskFull(
                f"The disk that holds DATA_DIR is full, so nothing of {path.name} was imported.",
                "Free some space there and import it again.",
            ) from error
        raise TempHubError(
            f"{path.name} could not be imported ({error}), so nothing of it was.",
            "Check the file and its disk, and import it again.",
        ) from error
