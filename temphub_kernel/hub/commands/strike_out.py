"""`temphub strike-out`, `temphub probes --remove ID` and `--merge FROM INTO`, told to the running hub. Main
thread."""

import argparse
import sys
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from ...core import Settings, TempHubError, iso_utc, named
from ..client import HubClient
from .calibrate import time_option

Say = Callable[[str], None]
# As many as the hub takes in one request; as many as a person wants to read.
AT_ONCE, MOST_NAMED = 1_000, 8


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `temphub strike-out` takes."""
    parser.add_argument(
        "id", nargs="?", default="", metavar="ID", help="a probe's id or name, as `temphub probes` lists it"
    )
    parser.add_argument(
        "--from",
        dest="since",
        type=time_option,
        metavar="TIME",
        help="the first reading, such as 2026-11-23T12:00:00Z",
    )
    parser.add_argument(
        "--to",
        dest="until",
        type=time_option,
        metavar="TIME",
        help="the last reading (default: the one moment of --from)",
    )
    parser.add_argument("--note", default="", help="why, such as 'sensor held in the hand'")
    parser.add_argument("--undo", type=int, metavar="N", help="have number N count again")


def run(settings: Settings, options: argparse.Namespace, say: Say) -> None:
    """`temphub strike-out`. Raises TempHubError."""
    hub = HubClient(settings)
    if options.undo:
        hub.undo_strike_out(options.undo)
    elif options.id:
        if options.since is None:
            raise TempHubError(
                "No time was given, so nothing was struck out.",
                "Give --from, and --to for more than one moment.",
            )
        until = options.since if options.until is None else options.until
        probe_id = hub.meant(options.id)
        number = hub.strike_out(probe_id, options.since, until, options.note)
        times = f"{iso_utc(options.since)} to {iso_utc(until)}"
        say(
            f"{probe_id}: readings from {times} no longer count; they are kept. Take it back with: temphub "
            f"strike-out --undo {number}"
        )
    _show(hub, say)


def remove_probes(
    settings: Settings, asked: Sequence[str], say: Say, *, sure: bool, back: bool = False
) -> None:
    """`temphub probes --remove ID …` and `--restore ID …`; an id to remove may be a pattern such as `try-*`.
    Raises TempHubError."""
    hub = HubClient(settings)
    ids = list(asked) if back else _meant(hub, asked)
    if not back and not sure and not _confirmed(ids):
        say("Nothing was changed.")
        return
    for first in range(0, len(ids), AT_ONCE):
        hub.remove(ids[first : first + AT_ONCE], back=back)
    if back:
        say(f"In every list again: {_in_words(ids)}.")
    else:
        say(
            f"In no list any more: {_in_words(ids)}; the readings are kept. Bring a probe back with: temphub "
            f"probes --restore {ids[0]}"
        )


def remove_unnamed(settings: Settings, say: Say, *, sure: bool) -> None:
    """`temphub probes --remove-unnamed`: all that came once or a few times and did not come back. Raises
    TempHubError."""
    hub = HubClient(settings)
    ids = [str(probe["id"]) for probe in hub.probes() if probe["transient"]]
    if not ids:
        say("There is no unnamed id that came once or a few times and did not come back.")
    elif not sure and not _confirmed(ids):
        say("Nothing was changed.")
    else:
        count = hub.remove_unnamed()
        say(
            f"{count:,} in no list any more: {_in_words(ids)}; the readings are kept, and one that delivers "
            "again comes back."
        )


def expect(settings: Settings, count: int, say: Say) -> None:
    """`temphub probes --expect 10000`: that so many new ones come. Raises TempHubError."""
    HubClient(settings).expect(count)
    say(f"{count:,} new probes are taken at once within the hour that follows.")


def believe(settings: Settings, text: str, say: Say, *, counts: bool) -> None:
    """`temphub probes --believe ID` and `--doubt ID`. Raises TempHubError."""
    hub = HubClient(settings)
    id_ = hub.meant(text)
    hub.believe(id_, counts=counts)
    back = f"Take it back with: temphub probes --doubt {id_}"
    say(
        f"The 85 °C of {id_} count, all there are and all to come. {back}"
        if counts
        else f"The 85 °C of {id_} that are marked power_on count no more."
    )


def merge_probes(
    settings: Settings,
    pair: Sequence[str] | None,
    back: str | None,
    say: Say,
    *,
    sure: bool,
    overlap: bool = False,
) -> None:
    """`temphub probes --merge FROM INTO` and `--unmerge ID`. Raises TempHubError."""
    hub = HubClient(settings)
    if back is not None:
        hub.unmerge(back)
        say(f"{back} stands for itself again, with all its readings.")
    elif pair is not None:
        one, other = (hub.meant(text) for text in pair)
        question = (
            f"Have {one} count as {other} from now on, all its readings included? It can be undone. [y/N] "
        )
        if not sure and not _agreed(question, f"whether to merge {one} into {other}"):
            say("Nothing was changed.")
            return
        hub.merge(one, other, overlap=overlap)
        say(
            f"{one} counts as {other} now, with all its readings. Take it back with: temphub probes "
            f"--unmerge {one}"
        )


def _meant(hub: HubClient, asked: Sequence[str]) -> list[str]:
    probes = hub.probes()
    known = [str(probe["id"]) for probe in probes]
    found: dict[str, None] = {}
    for text in asked:
        fitting = (
            [one for one in known if fnmatchcase(one, text)]
            if set(text) & set("*?[")
            else [named(probes, text) or text]
        )
        if not fitting:
            raise TempHubError(
                f"No probe's id is like {text!r}, so nothing was changed.",
                "Use an id that `temphub probes` lists.",
            )
        found |= dict.fromkeys(fitting)
    return list(found)


def _confirmed(ids: Sequence[str]) -> bool:
    question = (
        f"Remove {_in_words(ids)} from every list? The readings are kept, and who delivers again "
        "comes back. [y/N] "
    )
    return _agreed(question, f"whether to remove {_in_words(ids)}")


def _agreed(question: str, about: str) -> bool:
    if not sys.stdin.isatty():
        raise TempHubError(f"Nobody could be asked {about}, so nothing was changed.", "Add --yes.")
    return input(question).strip().lower() in ("y", "yes")


def _in_words(ids: Sequence[str]) -> str:
    return (
        ", ".join(ids)
        if len(ids) <= MOST_NAMED
        else f"{', '.join(ids[:MOST_NAMED])} and {len(ids) - MOST_NAMED:,} more"
    )


def _show(hub: HubClient, say: Say) -> None:
    found = hub.struck_out()
    for one in found:
        note = f"  ({one['note']})" if one["note"] else ""
        say(f"{one['number']:>4}  {one['probe_id']}  {one['from']} to {one['to']}{note}")
    if not found:
        say(
            "Nothing is struck out. Strike out with: temphub strike-out ID --from 2026-11-23T12:00:00Z --to "
            "2026-11-23T12:05:00Z"
        )
