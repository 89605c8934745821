"""`temphub forward`: what is forwarded, and a range sent again, that is what the engine lacks of it. In a
process of its own; the journal is only read.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ...core import EVER_MS, Settings, TempHubError, parse_time
from ...journal import Reader
from .kinds import Door, kind_of
from .lines import NEEDED, Revisions, points_of
from .sending import Fallen, Ignored, Sending, accept, say_done

PIECE = 50_000


class Told(NamedTuple):
    """readings: in the range; sent: points that the engine lacked."""

    readings: int
    sent: int
    fallen: Fallen


def send_again(
    door: Door,
    site: str,
    journal: Path,
    from_ms: int,
    to_ms: int,
    progress: Callable[[int], object] = lambda _: None,
) -> Told:
    """Send [from_ms, to_ms) again. progress: told of each piece's readings. Raises TempHubError, and may then
    be done again."""
    sending, readings = Sending(door, site, kind_of(door)), 0
    sending.look = sending.kind.look()
    sending.hello()
    with Reader(journal) as reader:
        up_to, note = reader.bookmark("engine")
        revisions = Revisions(note.get("revisions")).numbers
        for piece in reader.stream(from_ms, to_ms, most=PIECE, fields=NEEDED, struck_out=True, own=True):
            # What the hub has not sent yet it sends by itself.
            sending.send(points_of(piece, revisions, up_to=up_to), perhaps=True)
            readings += len(piece)
            progress(len(piece))
    say_done(journal.parent, from_ms, to_ms, sending.fallen)
    return Told(readings, sending.sent, sending.fallen)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--again", action="store_true", help="send what the engine lacks of a time, also while the hub runs"
    )
    parser.add_argument(
        "--accept",
        action="store_true",
        help="do without what the engine let fall until now: the hub, which has it, says no more of it",
    )
    parser.add_argument(
        "--from",
        dest="start",
        type=_time,
        default=-EVER_MS,
        metavar="TIME",
        help="the first moment, such as 2026-10-21 or 2026-10-21T04:53:28Z; the beginning by default",
    )
    parser.add_argument(
        "--to",
        dest="end",
        type=_time,
        default=EVER_MS,
        metavar="TIME",
        help="the moment to end before; now by default",
    )


def run(settings: Settings, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """The exit code: 1 where readings were let fall. Raises TempHubError."""
    if not settings.forward_url:
        raise _no_engine()
    if options.start >= options.end:
        raise TempHubError("--from is not before --to, so there is nothing to send.", "Give --from earlier.")
    if options.accept:
        accept(settings.data_dir)
        say("What the engine let fall until now is accepted; a hub that runs says no more of it in a moment.")
        return 0
    door = Door(settings.forward_url, settings.forward_token, settings.read_from, settings.read_token)
    return _again(settings, door, options, say) if options.again else _show(settings, door, say)


def _again(settings: Settings, door: Door, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    told = send_again(door, settings.site, settings.journal_file, options.start, options.end)
    say(f"{told.readings:,} readings looked at; {told.sent:,} points that {door.shown} lacked were sent.")
    return _fell(told.fallen, door, say)


def _show(settings: Settings, door: Door, say: Callable[[str], None]) -> int:
    kind = kind_of(door)
    look = kind.look()
    with Reader(settings.journal_file) as reader:
        no, note = reader.bookmark("engine")
        left = reader.count() - no
    say(f"To {door.shown} ({kind.name}) as site {settings.site}.")
    say(f"Surely kept there: {no:,} readings; {left:,} are on their way, or wait for the hub to send them.")
    if look.advice:
        say(look.advice)
    ignored = Ignored(note.get("ignored"))
    ignored.take(look)
    for told in ignored.said(door.shown, kind.remedies) or ():
        say(told)
    return _fell(Fallen(note.get("fallen")), door, say)


def _fell(fallen: Fallen, door: Door, say: Callable[[str], None]) -> int:
    if not fallen:
        return 0
    kind = kind_of(door)
    kind.look()
    problem, remedy = fallen.said(door.shown, kind.remedies)
    say(f"{problem}\n{remedy}")
    return 1


def _time(text: str) -> int:
    try:
        return parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-10-21T04:53:28Z") from error


def _no_engine() -> TempHubError:
    return TempHubError(
        "FORWARD_URL is not set, so there is no engine to send readings to.",
        "Set FORWARD_URL and SITE as the hub has them, in Start.bat or the environment.",
        code="no_engine",
    )
