"""`temphub thermocouple`: its options, and what it tells the running hub. Main thread."""

import argparse
from collections.abc import Callable
from typing import Any

from ...core import Settings, TempHubError
from ..client import HubClient
from .calibrate import time_option

Say = Callable[[str], None]
AGAIN = "temphub thermocouple ID --type K --to 2026-11-23T12:00:00Z"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "id", nargs="?", default="", metavar="ID", help="a probe's id or name, as `temphub probes` lists it"
    )
    parser.add_argument(
        "--type", default="", metavar="K", help="the thermocouple's type: E, J, K, N, R, S or T"
    )
    parser.add_argument(
        "--chip",
        default="max31855",
        choices=("max31855", "max6675"),
        help="what sent the numbers (default max31855)",
    )
    parser.add_argument(
        "--from",
        dest="since",
        type=time_option,
        metavar="TIME",
        help="such as 2026-11-23T12:00:00Z (default: from the first on)",
    )
    parser.add_argument(
        "--to",
        dest="until",
        type=time_option,
        metavar="TIME",
        help="up to when (default: also what is still to come)",
    )
    parser.add_argument(
        "--cold",
        type=float,
        metavar="C",
        help="what the chip's own temperature is taken for, unless stored (default 25)",
    )
    parser.add_argument("--within", type=float, metavar="C", help="how far off that may be (default 25)")
    parser.add_argument("--note", default="", help="a remark, such as 'kiln, firmware 0.3.0'")
    parser.add_argument(
        "--undo", type=int, metavar="N", help="take number N back: the readings count as they were sent"
    )


def run(settings: Settings, options: argparse.Namespace, say: Say) -> None:
    """`temphub thermocouple`. Raises TempHubError."""
    hub = HubClient(settings)
    if options.undo:
        hub.undo_thermocouple(options.undo)
    elif options.id:
        if not options.type:
            raise TempHubError(
                "No type was given, so nothing was corrected.",
                "Give --type K, or the letter of your thermocouple.",
            )
        probe_id = hub.meant(options.id)
        given = {
            "from_ms": options.since,
            "to_ms": options.until,
            "cold_c": options.cold,
            "cold_within_c": options.within,
        }
        said = {"type": options.type.upper(), "chip": options.chip, "note": options.note, **given}
        number = hub.state_thermocouple(probe_id, said)
        say(
            f"{probe_id} is corrected for type {options.type.upper()}; what it sent is kept. Take it back "
            f"with --undo {number}"
        )
    found = hub.thermocouples()
    for one in found:
        say(in_words(one))
    if not found:
        say(f"No probe is corrected for a type of thermocouple. Correct one with: {AGAIN}")


def in_words(one: dict[str, Any]) -> str:
    """A line for a person, with what remains uncertain."""
    note = f"  ({one['note']})" if one["note"] else ""
    until = f"{one['to'][:16]}Z" if one["to"] else "now"
    off = ", ".join(f"±{told['within_c']:g} at {told['at_c']}" for told in one["uncertainty"])
    return (
        f"{one['number']:>4}  {one['probe_id']}  from {one['from'][:16]}Z to {until}: type {one['type']} on "
        f"a {one['chip'].upper()}{note}\n"
        f"      where the chip's own temperature is not stored it is taken for {one['cold_c']:g} ± "
        f"{one['cold_within_c']:g} °C: {off} °C"
    )
