"""`temphub calibrate`: its options, and what it tells the running hub. Main thread."""

import argparse
from collections.abc import Callable

from ...core import Settings, iso_utc, now_ms, parse_time
from ..client import HubClient


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "id", nargs="?", default="", metavar="ID", help="a probe's id or name, as `temphub probes` lists it"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--offset", type=float, metavar="C", help="°C to add to every value")
    how.add_argument(
        "--points", type=_pair, nargs="+", metavar="SHOWN=TRUE", help="pairs such as 0.2=0 99.1=100"
    )
    how.add_argument("--none", action="store_true", help="no correction from then on")
    how.add_argument(
        "--forget", type=int, metavar="N", help="take calibration number N back, as if it had never been"
    )
    parser.add_argument(
        "--from",
        dest="since",
        type=time_option,
        metavar="TIME",
        help="such as 2026-11-23T12:00:00Z (default now)",
    )
    parser.add_argument("--note", default="", help="a remark, such as 'ice bath'")


def show_calibrations(hub: HubClient, say: Callable[[str], None]) -> None:
    """A line for each calibration. Raises TempHubError."""
    found = hub.calibrations()
    for one in found:
        note = f"  ({one['note']})" if one["note"] else ""
        until = f"{one['to'][:16]}Z" if one["to"] else "now"
        say(
            f"{one['number']:>4}  {one['probe_id']}  from {one['from'][:16]}Z to {until}: "
            f"{_in_words(one['points'])}{note}"
        )
    if not found:
        say("No probe is calibrated. Calibrate one with: temphub calibrate ID --offset -0.3")


def run(settings: Settings, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    """`temphub calibrate`. Raises TempHubError."""
    hub = HubClient(settings)
    if options.forget:
        hub.forget_calibration(options.forget)
    elif options.id and (options.offset is not None or options.points or options.none):
        pairs = [(0.0, options.offset)] if options.offset is not None else options.points or []
        from_ms = now_ms() if options.since is None else options.since
        probe_id = hub.meant(options.id)
        hub.calibrate(probe_id, pairs, from_ms, options.note)
        say(f"{probe_id} is corrected from {iso_utc(from_ms)} on; what it sent is kept as it is.")
    show_calibrations(hub, say)


def time_option(text: str) -> int:
    """A moment in ms since 1970, as an option of the command line. Raises argparse.ArgumentTypeError."""
    try:
        return parse_time(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-23T12:00:00Z") from error


def _in_words(points: list[list[float]]) -> str:
    if len(points) == 1:
        return f"{points[0][1] - points[0][0]:+g} °C"
    return ", ".join(f"{shown:g} → {true:g}" for shown, true in points) + " °C" if points else "no correction"


def _pair(text: str) -> tuple[float, float]:
    shown, _, true = text.partition("=")
    try:
        return float(shown), float(true)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no pair such as 0.2=0 (shown = true °C)") from error
