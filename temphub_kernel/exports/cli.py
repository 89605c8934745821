"""`temphub export` as typed: its options, and the progress bar. Main thread only."""

import argparse
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..core import TempHubError, named
from ..journal import Reader
from .order import EXCEL, FORMS, SHEETS, Order, bad, make_order
from .run import Progress, export, write_csv

STDOUT = "-"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `temphub export`."""
    _add_file(parser)
    _add_content(parser)
    _add_form(parser)
    _add_lake(parser)
    parser.add_argument(
        "--rebuild-csv", action="store_true", help="write the CSV log again from the journal, byte for byte"
    )


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=list(FORMS),
        default="",
        help="csv, xlsx (Excel, the default) or parquet; else the ending of --out",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        default="",
        help="where to; a dated name in this folder by default; - for standard output (csv)",
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")


def _add_lake(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hive",
        default="",
        metavar="FOLDER",
        help="bring a lake up to date: a Parquet file for each month of this site, in a folder or at an "
        "address (s3://bucket/lake); whole months of --from and --to, all probes",
    )
    parser.add_argument(
        "--site", default="", metavar="NAME", help="hive: the name of this place; SITE without"
    )


def _add_content(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="start",
        default="",
        metavar="TIME",
        help="the first moment, such as 2026-11-23 or 2026-11-23T12:00",
    )
    parser.add_argument("--to", dest="end", default="", metavar="TIME", help="the moment to end before")
    parser.add_argument(
        "--probe",
        action="append",
        default=[],
        metavar="PROBE",
        help="only the probe of this id or name; may be given several times",
    )
    parser.add_argument(
        "--every",
        default="",
        metavar="LENGTH",
        help="lowest, mean and highest of each 30s, 5min, 1h or 1d (clock of --tz) instead of all readings",
    )
    parser.add_argument(
        "--tz",
        default="",
        metavar="ZONE",
        help="zone of local times, such as Europe/Berlin; this computer's by default",
    )

    parser.add_argument(
        "--origin",
        action="store_true",
        help="with a last column that says from which import a reading is, empty for what was delivered",
    )


def _add_form(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit-high",
        default="",
        metavar="CELSIUS",
        help="xlsx: the overview tells for how long it was above this, in °C",
    )
    parser.add_argument(
        "--limit-low",
        default="",
        metavar="CELSIUS",
        help="xlsx: the overview tells for how long it was below this, in °C",
    )
    parser.add_argument(
        "--sheets", choices=SHEETS, default="probe", help="xlsx: a sheet for each probe, or one tidy table"
    )
    parser.add_argument(
        "--excel",
        choices=sorted(EXCEL),
        default="",
        help="csv: as Excel reads it in this country (de: semicolon, comma)",
    )


def order_of(options: argparse.Namespace, journal: Path | None = None) -> Order:
    """The order that was typed; names of probes as `journal` knows them. Raises TempHubError."""
    form = options.format or ("csv" if options.out == STDOUT or options.excel else "")
    return make_order(
        form=form if options.out in ("", STDOUT) else form_of(Path(options.out).name, form),
        start=options.start,
        end=options.end,
        probes=_ids(journal, options.probe) if journal and options.probe else options.probe,
        every=options.every,
        zone=options.tz,
        sheets=options.sheets,
        excel=options.excel,
        limit_high_c=options.limit_high,
        limit_low_c=options.limit_low,
        origin=options.origin,
    )


def form_of(name: str, form: str) -> str:
    """The form that a file's name and --format agree on. Raises TempHubError: a file must not pretend to be
    what it is not."""
    return form_in(name, form, FORMS)


def form_in(name: str, form: str, forms: Collection[str]) -> str:
    """The same among these forms."""
    ending = Path(name).suffix[1:].lower()
    *others, last = (f".{known}" for known in forms)
    if ending not in forms and not form:
        said = (
            f"The file {name[:80]} ends in .{ending}, which is"
            if ending
            else f"The file {name[:80]} has no ending, so it is"
        )
        raise TempHubError(
            f"{said} nothing that can be exported.",
            f"Give --out a name that ends in {', '.join(others)} or {last}.",
            code="bad_out",
        )
    if ending in forms and form and ending != form:
        raise TempHubError(
            f"The file {name[:80]} would hold {form}, and its ending says {ending}, so other programs could "
            "not open it.",
            f"Give --out a name that ends in .{form}, or choose the other format.",
            code="bad_out",
        )
    return form or ending


def run(journal: Path, options: argparse.Namespace) -> str:
    """Make the export; returns what to tell the user. Raises TempHubError."""
    if options.hive:
        return _lake(journal, options)
    order = order_of(options, journal)
    if options.out == STDOUT:
        if order.form != "csv":
            raise TempHubError(
                f"A {order.form} file cannot go to standard output.",
                "Give --out FILE, or --format csv.",
                code="bad_out",
            )
        with bar("readings") as progress:
            write_csv(journal, order, sys.stdout.buffer, progress)
        sys.stdout.flush()
        return ""
    out = Path(options.out or order.file_name()).absolute()
    with bar("rows") as progress:
        files, rows = export(journal, order, out, force=options.force, progress=progress)
    size = sum(path.stat().st_size for path in files)
    return f"{rows:,} rows in {', '.join(map(str, files))} ({size / 1e6:,.1f} MB)"


def _lake(journal: Path, options: argparse.Namespace) -> str:
    # Only here: it brings polars with it.
    from .hive import export_hive

    others = (options.out, options.format, options.probe, options.every, options.origin, options.excel)
    if any(others):
        raise bad(
            "hive",
            "A lake has all readings of all probes in Parquet files by site and month.",
            "Leave --out, --format, --probe, --every, --origin and --excel out.",
        )
    order = make_order(form="parquet", start=options.start, end=options.end, zone=options.tz)
    with bar("readings") as progress:
        done = export_hive(
            journal,
            options.site,
            options.hive,
            span=(order.from_ms, order.to_ms),
            force=options.force,
            progress=progress,
        )
    months = f"{len(done.written)} months written ({done.readings:,} readings)"
    return f"{months}, {len(done.unchanged)} unchanged, in {options.hive}"


def _ids(journal: Path, asked: Sequence[str]) -> list[str]:
    with Reader(journal) as reader:
        probes = reader.probes(removed=True)
    return [named(probes, text) or text for text in asked]


@contextmanager
def bar(what: str) -> Iterator[Progress]:
    """A progress bar on standard error when that is a terminal."""
    # No thread that looks after the bar: it moves with every piece.
    tqdm.monitor_interval = 0
    form = "{percentage:3.0f}% |{bar}| {postfix} [{elapsed}, {remaining} left]"
    shown: Any
    with tqdm(total=1.0, disable=None, file=sys.stderr, bar_format=form) as shown:

        def progress(share: float, rows: int) -> None:
            shown.set_postfix_str(f"{rows:,} {what}", refresh=False)
            shown.update(max(share - shown.n, 0.0))

        yield progress


@contextmanager
def counter() -> Iterator[Callable[[int], object]]:
    """Counts readings on standard error when that is a terminal, for work whose end is not known."""
    tqdm.monitor_interval = 0
    with tqdm(unit=" readings", unit_scale=True, disable=None, file=sys.stderr) as shown:
        yield shown.update
