"""What people do about an alarm: acknowledge, comment, act, close; mute and maintenance. Any thread.

Each step goes through the writer at once.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ...core import DAY_MS, BadRequest, Conflict, NotFound, TempHubError, now_ms, printable
from ...journal import MAINTENANCE, MUTE, Alarm, AlarmBook, Mute, Writer, change
from ..words import until

MOST_TEXT = 2_000
MOST_BY = 64
# A mute that nobody remembers hides what it was not meant for.
LONGEST_MUTE_MS = 92 * DAY_MS
# To start from; any other text is as good.
ACTIONS = (
    "Closed the door",
    "Moved the goods to another place",
    "Checked the goods: they are all right",
    "Threw the goods away",
    "Called the service",
    "Changed the setting",
    "It was a defrost or a delivery",
    "The sensor or probe was at fault",
)


def acknowledge(writer: Writer, no: int, by: str, comment: str = "") -> Alarm:
    """Somebody takes care of an alarm: nobody else is told of it. Raises TempHubError (404)."""
    _check(by, comment)

    def step(book: AlarmBook) -> Alarm:
        _acknowledge(book, book.alarm(no), by, comment, now_ms())
        return closed_when_done(book, no, by)

    return change(writer, step)


def comment(writer: Writer, no: int, by: str, text: str) -> Alarm:
    """Keep what somebody says of an alarm, also of one that is closed. Raises TempHubError."""
    _check(by, text, required="text")

    def step(book: AlarmBook) -> Alarm:
        book.alarm(no)
        book.set(no, comment=text.strip())
        book.event(no, now_ms(), "commented", by, text.strip())
        return book.alarm(no)

    return change(writer, step)


def act(writer: Writer, no: int, by: str, text: str) -> Alarm:
    """Keep what was done about it, the corrective action; an alarm whose rule requires one may close then.
    Raises TempHubError."""
    _check(by, text, required="action")

    def step(book: AlarmBook) -> Alarm:
        alarm = book.alarm(no)
        # Who did something about it has seen it.
        _acknowledge(book, alarm, by, "", now_ms())
        book.set(no, action=text.strip())
        book.event(no, now_ms(), "acted", by, text.strip())
        return closed_when_done(book, no, by)

    return change(writer, step)


def close(writer: Writer, no: int, by: str, comment: str = "") -> Alarm:
    """Close an alarm that is over. Raises TempHubError (409) while it goes on, or lacks the action that its
    rule requires."""
    _check(by, comment)

    def step(book: AlarmBook) -> Alarm:
        alarm = book.alarm(no)
        if alarm.closed_ms:
            return alarm
        if not alarm.cleared_ms:
            raise Conflict(
                f"Alarm {no} still goes on, so it cannot be closed.",
                "Acknowledge it; it can be closed when it is over, and closes by itself then where no action "
                "is required.",
                code="still_active",
            )
        if lacks_action(alarm):
            raise Conflict(
                f"The rule of alarm {no} requires that an action is written down, so it was not closed.",
                "Write down what was done first: POST /api/alarms/act, or the option --act of `temphub "
                "alarms`.",
                code="action_required",
            )
        _acknowledge(book, alarm, by, comment, now_ms())
        return closed_when_done(book, no, by)

    return change(writer, step)


class Where(NamedTuple):
    """What is muted: a rule, a probe (its id), a group; what is left out means any."""

    rule: int = 0
    probe_id: str = ""
    group: str = ""


def mute(
    writer: Writer, where: Where, until_ms: int, by: str, note: str = "", *, maintenance: bool = False
) -> int:
    """Tell nobody until a time; the number of it. maintenance: what happens meanwhile needs nobody's
    acknowledgement either.

    Raises TempHubError (400/404).
    """
    _check(by, note)
    now = now_ms()
    if not now < until_ms <= now + LONGEST_MUTE_MS:
        raise BadRequest(
            f"until_ms is {until_ms}, which is {'over already' if until_ms <= now else 'too far away'}, so "
            "nothing was muted.",
            f"Give an end within the next {LONGEST_MUTE_MS // DAY_MS} days; it can be ended earlier, or "
            "begun again.",
            code="bad_until_ms",
        )
    kind = MAINTENANCE if maintenance else MUTE

    def step(book: AlarmBook) -> int:
        if where.rule and where.rule not in book.rules():
            raise NotFound(
                f"There is no rule with the number {where.rule}.",
                "Use a number from /api/rules.",
                code="unknown_rule",
            )
        probe = book.number(where.probe_id) if where.probe_id else 0
        no = book.mute(kind, where.rule, probe, where.group, now, until_ms, by, note.strip())
        made, groups = next(one for one in book.mutes(now) if one.no == no), book.groups()
        for alarm in book.live():
            if alarm.acked_ms or alarm.state != "active" or not covers(made, alarm, groups):
                continue
            book.event(alarm.no, now, "muted", by, until(kind, until_ms, note))
            # What waits would come all the same; it is told when the mute ends.
            if book.withdraw(alarm.no):
                book.set(alarm.no, body={**alarm.body, "told_ms": 0})
        return no

    return change(writer, step)


def unmute(writer: Writer, no: int, by: str) -> None:
    """End a mute or maintenance now. Raises TempHubError (404) when none of that number is in force."""
    now = now_ms()

    def step(book: AlarmBook) -> None:
        ended = next((one for one in book.mutes(now) if one.no == no), None)
        if ended is None or not book.unmute(no, now):
            raise NotFound(
                f"Nothing with the number {no} is muted.",
                "Use a number of `mutes` in /api/alarms.",
                code="unknown_mute",
            )
        groups = book.groups()
        for alarm in book.live():
            if not alarm.acked_ms and alarm.state == "active" and covers(ended, alarm, groups):
                book.event(alarm.no, now, "unmuted", by)

    change(writer, step)


def closed_when_done(book: AlarmBook, no: int, by: str) -> Alarm:
    """Close an alarm that is over, acknowledged, and has the action that its rule requires."""
    alarm = book.alarm(no)
    if alarm.cleared_ms and alarm.acked_ms and not alarm.closed_ms and not lacks_action(alarm):
        at_ms = now_ms()
        book.set(no, closed_ms=at_ms)
        book.event(no, at_ms, "closed", by)
        return book.alarm(no)
    return alarm


def lacks_action(alarm: Alarm) -> bool:
    """Whether its rule requires that somebody writes down what was done, and nobody has."""
    return bool(alarm.body.get("rule", {}).get("require_action")) and not alarm.action


def covers(mute: Mute, alarm: Alarm, groups: Mapping[int, str]) -> bool:
    """Whether nobody is told of an alarm because of a mute. groups: those of probes, by the journal's
    numbers."""
    probes = [alarm.probe] if alarm.probe else alarm.body.get("probes", [])
    if mute.rule and mute.rule != alarm.rule:
        return False
    if mute.probe and not (probes and all(one == mute.probe for one in probes)):
        return False
    return not mute.group or (bool(probes) and all(groups.get(one) == mute.group for one in probes))


def _acknowledge(book: AlarmBook, alarm: Alarm, by: str, comment: str, at_ms: int) -> None:
    said = {"comment": comment.strip()} if comment.strip() else {}
    if alarm.acked_ms:
        if said:
            book.set(alarm.no, **said)
            book.event(alarm.no, at_ms, "commented", by, comment.strip())
        return
    book.set(alarm.no, acked_ms=at_ms, acked_by=by, **said)
    book.event(alarm.no, at_ms, "acknowledged", by, comment.strip())
    book.withdraw(alarm.no)


def check_by(by: str) -> None:
    """Raises TempHubError (400) for what is no name of somebody."""
    if len(by) > MOST_BY or not printable(by):
        raise _bad("by", by, f"Give the name of who says it, in up to {MOST_BY} characters.")


def _check(by: str, text: str, *, required: str = "") -> None:
    check_by(by)
    if len(text) > MOST_TEXT or any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
        raise _bad(required or "comment", text, f"Send a text of up to {MOST_TEXT} characters.")
    if required and not text.strip():
        raise _bad(required, text, f"Send {required} as a text that says something.")


def _bad(name: str, value: str, remedy: str) -> TempHubError:
    return BadRequest(f"{name} is {value[:40]!r}, which cannot be kept.", remedy, code=f"bad_{name}")
