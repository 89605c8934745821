"""`temphub import` as typed: what a file holds is shown before anything is written. Main thread only."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..core import Settings, TempHubError, find_zone, is_probe_id, iso_utc, named
from ..journal import Import, Reader
from ..journal.archive import sidecar
from . import files, take_in, times
from .gather import clash, id_of
from .source import NotRead, Said, Source

Say = Callable[[str], None]
MOST_NAMED = 12


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `temphub import`."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="what loggers, databases or other hubs wrote"
    )
    parser.add_argument("--preview", action="store_true", help="only show how the files would be read")
    parser.add_argument("--yes", action="store_true", help="import without asking")
    parser.add_argument("--list", action="store_true", help="list what was imported, with its numbers")
    parser.add_argument("--undo", type=int, metavar="N", help="take import number N back")
    parser.add_argument(
        "--probe",
        action="append",
        default=[],
        metavar="[NAME=]ID",
        help="whose readings they are: an id or name, or for each name in the file one",
    )
    parser.add_argument("--unit", choices=("C", "F", "K"), default="", help="of the temperatures")
    parser.add_argument(
        "--tz", default="", metavar="ZONE", help="zone of times without one, such as Europe/Berlin"
    )
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--day-first", action="store_true", help="01/02/2024 is the first of February")
    order.add_argument("--month-first", action="store_true", help="01/02/2024 is the second of January")
    parser.add_argument("--decimal", choices=(".", ","), default="", help="the decimal sign")
    _add_columns(parser)


def _add_columns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME",
        help="a column or field with temperatures (heading, or number from 1); may be given several times",
    )
    parser.add_argument("--time-column", default="", metavar="NAME", help="the column with the times")
    parser.add_argument("--name-column", default="", metavar="NAME", help="the column that says whose it is")
    parser.add_argument("--sheet", default="", metavar="NAME", help="of a workbook this sheet alone")
    parser.add_argument(
        "--no-means",
        action="store_true",
        help="Home Assistant: leave out the hourly means that stand for states it has dropped",
    )


def run(settings: Settings, options: argparse.Namespace, say: Say) -> int:
    """Do what was typed; the exit code. Raises TempHubError."""
    if options.undo is not None:
        take_in.undo(settings, options.undo)
        say(f"Import {options.undo} is taken back: its readings are gone, all others are as they were.")
        return 0
    if options.list or not options.files:
        _show(take_in.known(settings), say)
        return 0
    said = _said(options)
    found = [(path, files.recognised(path, said)) for path in _paths(options.files)]
    ids = {path: _ids(settings, path, source, said.probes) for path, source in found}
    for path, source in found:
        if told := clash(source.names, ids[path]):
            source.open.append(f"{told} Say whose each is, with --probe NAME=ID for both.")
        _preview(path, source, ids[path], say)
    if any(source.open for _, source in found):
        raise NotRead(
            "Some of this cannot be seen in the files, and is not guessed, so nothing was imported.",
            "Say what is asked for above, and look at the preview again.",
        )
    if options.preview:
        say("Nothing was imported: this is a preview. Without --preview you are asked.")
        return 0
    if not options.yes and not _agreed(len(found)):
        say("Nothing was imported.")
        return 0
    for path, source in found:
        for line in take_in.take_in(settings, path, source, ids[path], said):
            say(line)
    return 0


def _said(options: argparse.Namespace) -> Said:
    if options.tz:
        find_zone(options.tz)
    return Said(
        unit=options.unit,
        zone=options.tz,
        day_first=True if options.day_first else False if options.month_first else None,
        decimal=options.decimal,
        probes=tuple(options.probe),
        columns=tuple(options.column),
        time_column=options.time_column,
        name_column=options.name_column,
        sheet=options.sheet,
        statistics=not options.no_means,
    )


def _paths(asked: Sequence[str]) -> list[Path]:
    """The files; on Windows nobody else makes files out of `*.csv`."""
    found: list[Path] = []
    for text in asked:
        pattern = Path(text)
        names = [pattern] if pattern.exists() else sorted(pattern.parent.glob(pattern.name or "*"))
        if not names:
            raise NotRead(f"There is no file {text}.", "Check the name, and the folder that you are in.")
        found += [path for path in names if path not in found]
    # Who names all that a hub's archive has means each month once.
    twice = {sidecar.path_of(path) for path in found if path.suffix != sidecar.ENDING}
    return [path for path in found if path not in twice]


def _ids(settings: Settings, path: Path, source: Source, probes: Sequence[str]) -> dict[str, str]:
    """{series: probe id} as was said; under an empty name that of the only one. Raises TempHubError."""
    found: dict[str, str] = {}
    for text in probes:
        series, parted, wanted = text.rpartition("=")
        id_ = _probe(settings, wanted)
        if not parted and len(source.names) > 1:
            raise TempHubError(
                f"{path.name} has several series ({_in_words(source.names)}), and --probe {text} names one.",
                f"Say whose each is, such as --probe '{source.names[0]}={wanted}'.",
            )
        if parted and series not in source.names:
            raise TempHubError(
                f"{path.name} has no series {series!r}; it has {_in_words(source.names)}.",
                "Use a name as the preview shows it.",
            )
        found[series if parted else ""] = id_
    return found


def _probe(settings: Settings, text: str) -> str:
    if settings.journal_file.exists():
        with Reader(settings.journal_file) as reader:
            if known := named(reader.probes(removed=True), text):
                return known
    if not is_probe_id(text):
        raise TempHubError(
            f"{text!r} is no probe here, and cannot be the id of a new one.",
            "Use letters, digits and . _ : - (64 at most), or a name that a probe has.",
        )
    return text


def _preview(path: Path, source: Source, ids: dict[str, str], say: Say) -> None:
    say(f"{path}: {source.form}")
    for what, how in source.facts:
        say(f"  {what + ':':<24}{how}")
    for name in source.names[:MOST_NAMED]:
        id_ = ids.get(name) or ids.get("") or id_of(name)
        say(f"  {'probe:':<24}{id_}" + (f" (in the file: {name})" if name != id_ else ""))
    if len(source.names) > MOST_NAMED:
        say(f"  {'':<24}and {len(source.names) - MOST_NAMED:,} more")
    if not source.open:
        for line in take_in.samples(path, source):
            say(f"  {line}")
    for question in source.open:
        say(f"  NOT CLEAR: {question}")


def _agreed(count: int) -> bool:
    what = "this file" if count == 1 else f"these {count} files"
    if not sys.stdin.isatty():
        raise TempHubError(f"Nobody could be asked whether to import {what}.", "Add --yes, or --preview.")
    return input(f"Import {what}? It can be taken back. [y/N] ").strip().lower() in ("y", "yes")


def _show(found: Sequence[Import], say: Say) -> None:
    for one in found:
        state = f"taken back {iso_utc(one.undone_ms)[:19]}Z" if one.undone_ms else "counts"
        say(
            f"{one.no:>4}  {one.name}  {one.readings:,} readings of {_in_words(list(one.probes))}, "
            f"{times.day_text(one.oldest_ms)} to {times.day_text(one.newest_ms)} UTC, {state}"
        )
    if not found:
        say("Nothing was imported yet. Import with: temphub import FILE")


def _in_words(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
