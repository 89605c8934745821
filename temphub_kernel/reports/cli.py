"""`temphub report` as typed. Main thread only."""

import argparse
from pathlib import Path

from ..core import TempHubError, named
from ..exports.cli import bar, form_in
from ..journal import Reader
from .order import FORMS, LANGUAGES, PAPERS, ReportOrder, make_report


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `temphub report`."""
    when = (
        "a month such as 2026-11, a week such as 2026-W48, a day, a year, yesterday, last-week or "
        "last-month (the default)"
    )
    parser.add_argument("--for", dest="period", default="", metavar="TIME", help=when)
    told = "instead of --for: from when, such as 2026-11-23T12:00"
    parser.add_argument("--from", dest="start", default="", metavar="TIME", help=told)
    parser.add_argument(
        "--to", dest="end", default="", metavar="TIME", help="with --from: the moment to end before"
    )
    parser.add_argument("--group", default="", metavar="GROUP", help="only the probes of this group")
    told = "only the probe of this id or name; may be given several times"
    parser.add_argument("--probe", action="append", default=[], metavar="PROBE", help=told)
    _add_looks(parser)
    parser.add_argument(
        "--format",
        choices=list(FORMS),
        default="",
        help="pdf (the default) or html; else the ending of --out",
    )
    parser.add_argument(
        "--out", metavar="FILE", default="", help="where to; a name with its days in this folder by default"
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    parser.add_argument(
        "--verify", metavar="FILE", default="", help="compare a report with the journal instead of making one"
    )


def _add_looks(parser: argparse.ArgumentParser) -> None:
    """What it is called, in which words and zone it speaks, and what it is compared with."""
    parser.add_argument(
        "--language", choices=LANGUAGES, default="", help="its language: English, German or French"
    )
    parser.add_argument("--paper", choices=PAPERS, default="", help="the paper's size")
    parser.add_argument(
        "--tz",
        default="",
        metavar="ZONE",
        help="zone of its times, such as Europe/Berlin; this computer's by default",
    )
    parser.add_argument("--title", default="", metavar="TEXT", help="what stands above it")
    parser.add_argument(
        "--place", default="", metavar="TEXT", help="the place; the group or the probes by default"
    )
    parser.add_argument(
        "--limit-high",
        default="",
        metavar="CELSIUS",
        help="a limit in °C beside those of the rules for alarms",
    )
    parser.add_argument("--limit-low", default="", metavar="CELSIUS", help="the same for below")


def order_from(options: argparse.Namespace, journal: Path) -> ReportOrder:
    """The order that was typed; names of probes as the journal knows them. Raises TempHubError."""
    form = options.format
    if options.out:
        form = form_in(Path(options.out).name, form, FORMS)
    return make_report(
        period=options.period,
        start=options.start,
        end=options.end,
        probes=_ids(journal, options.probe),
        group=options.group,
        zone=options.tz,
        form=form,
        language=options.language,
        paper=options.paper,
        title=options.title,
        place=options.place,
        limit_high_c=options.limit_high,
        limit_low_c=options.limit_low,
    )


def run(journal: Path, options: argparse.Namespace) -> tuple[str, bool]:
    """(what to tell the user, whether all is well). Raises TempHubError."""
    if options.verify:
        from .verify import verify

        verdict = verify(journal, Path(options.verify))
        return verdict.words(Path(options.verify).name), verdict.good
    from .make import write

    if options.period and (options.start or options.end):
        raise TempHubError(
            "Both --for and --from or --to are given.", "Leave --for out, or the other two.", code="bad_for"
        )
    order = order_from(options, journal)
    out = Path(options.out or order.file_name()).absolute()
    with bar("probes") as progress:
        size = write(journal, order, out, force=options.force, progress=progress)
    return f"{out} ({size / 1e3:,.0f} kB)", True


def _ids(journal: Path, asked: list[str]) -> list[str]:
    if not asked:
        return []
    with Reader(journal) as reader:
        probes = reader.probes(removed=True)
    return [named(probes, text) or text for text in asked]
