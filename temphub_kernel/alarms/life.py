"""An alarm's life: fired, acknowledged, commented, acted upon, cleared, closed; repeated, escalated, muted. Any thread.

Steps of people go through the writer at once. Those of readings and of time are the follower's, in one commit with what it found.

Whom to tell: those whom the rule names, without any all there are. Once for each alarm, again every `repeat_min` until somebody
acknowledges, and after `escalate_min` the next ones. While an alarm is muted or its place in maintenance nobody is told; what is still
going on when that ends is told then. What is acknowledged is told no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..core import DAY_MS, BadRequest, Conflict, NotFound, TempHubError, now_ms
from ..journal import MAINTENANCE, MUTE, Alarm, AlarmBook, Mute, Writer, change
from . import watches, words
from .rules import Rule

MOST_TEXT = 2_000
MOST_BY = 64
# A mute that nobody remembers hides what it was not meant for.
LONGEST_MUTE_MS = 92 * DAY_MS
BY_MAINTENANCE = "maintenance"
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
        return _closed_when_done(book, no, by)

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
    """Keep what was done about it, the corrective action; an alarm whose rule requires one may close then. Raises TempHubError."""
    _check(by, text, required="action")

    def step(book: AlarmBook) -> Alarm:
        alarm = book.alarm(no)
        # Who did something about it has seen it.
        _acknowledge(book, alarm, by, "", now_ms())
        book.set(no, action=text.strip())
        book.event(no, now_ms(), "acted", by, text.strip())
        return _closed_when_done(book, no, by)

    return change(writer, step)


def close(writer: Writer, no: int, by: str, comment: str = "") -> Alarm:
    """Close an alarm that is over. Raises TempHubError (409) while it goes on, or lacks the action that its rule requires."""
    _check(by, comment)

    def step(book: AlarmBook) -> Alarm:
        alarm = book.alarm(no)
        if alarm.closed_ms:
            return alarm
        if not alarm.cleared_ms:
            raise Conflict(
                f"Alarm {no} still goes on, so it cannot be closed.",
                "Acknowledge it; it can be closed when it is over, and closes by itself then where no action is required.",
                code="still_active",
            )
        if lacks_action(alarm):
            raise Conflict(
                f"The rule of alarm {no} requires that an action is written down, so it was not closed.",
                "Write down what was done first: POST /api/alarms/act, or the option --act of `temphub alarms`.",
                code="action_required",
            )
        _acknowledge(book, alarm, by, comment, now_ms())
        return _closed_when_done(book, no, by)

    return change(writer, step)


class Where(NamedTuple):
    """What is muted: a rule, a probe (its id), a group; what is left out means any."""

    rule: int = 0
    probe_id: str = ""
    group: str = ""


def mute(writer: Writer, where: Where, until_ms: int, by: str, note: str = "", *, maintenance: bool = False) -> int:
    """Tell nobody until a time; the number of it. maintenance: what happens meanwhile needs nobody's acknowledgement either.

    Raises TempHubError (400/404).
    """
    _check(by, note)
    now = now_ms()
    if not now < until_ms <= now + LONGEST_MUTE_MS:
        raise BadRequest(
            f"until_ms is {until_ms}, which is {'over already' if until_ms <= now else 'too far away'}, so nothing was muted.",
            f"Give an end within the next {LONGEST_MUTE_MS // DAY_MS} days; it can be ended earlier, or begun again.",
            code="bad_until_ms",
        )
    kind = MAINTENANCE if maintenance else MUTE

    def step(book: AlarmBook) -> int:
        if where.rule and where.rule not in book.rules():
            raise NotFound(f"There is no rule with the number {where.rule}.", "Use a number from /api/rules.", code="unknown_rule")
        probe = book.number(where.probe_id) if where.probe_id else 0
        no = book.mute(kind, where.rule, probe, where.group, now, until_ms, by, note.strip())
        made, groups = next(one for one in book.mutes(now) if one.no == no), book.groups()
        for alarm in book.live():
            if alarm.acked_ms or alarm.state != "active" or not covers(made, alarm, groups):
                continue
            book.event(alarm.no, now, "muted", by, words.until(kind, until_ms, note))
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
            raise NotFound(f"Nothing with the number {no} is muted.", "Use a number of `mutes` in /api/alarms.", code="unknown_mute")
        groups = book.groups()
        for alarm in book.live():
            if not alarm.acked_ms and alarm.state == "active" and covers(ended, alarm, groups):
                book.event(alarm.no, now, "unmuted", by)

    change(writer, step)


def take(book: AlarmBook, found: Iterable[watches.Transition], rules: Mapping[int, Rule], channels: Sequence[str], at_ms: int) -> None:
    """Keep what the engine told, and whom to tell of it. at_ms: the hub's clock. Inside a change of the writer."""
    for one in found:
        rule = rules.get(one.rule)
        if one.past and one.what in ("active", "cleared"):
            _past(book, one, rule, at_ms)
        elif one.what == "active" and rule is not None:
            _fired(book, one, rule, channels, at_ms)
        elif one.what == "cleared":
            for alarm in book.of(one.rule, one.probe):
                if alarm.state == "active":
                    _cleared(book, alarm, one.at_ms, at_ms, one)


def give_up(book: AlarmBook, watched: set[tuple[int, int]], at_ms: int) -> None:
    """Clear what nobody watches any more: its rule was switched off or deleted, or its probe removed. watched: (rule, probe)."""
    for alarm in unwatched(book.live(), watched):
        _cleared(book, alarm, at_ms, at_ms, None, "Nobody watches it any more: its rule was changed or its probe removed.")


def unwatched(live: Iterable[Alarm], watched: set[tuple[int, int]]) -> list[Alarm]:
    """Active alarms whose rule and probe are not watched any more."""
    known = {rule for rule, _ in watched}
    gone = [one for one in live if one.state == "active" and one.rule]
    return [one for one in gone if (one.rule not in known if one.probe == 0 else (one.rule, one.probe) not in watched)]


class Due(NamedTuple):
    """What is to be told now. what: fired (it was not told yet), repeated or escalated."""

    alarm: Alarm
    what: str


def due(book: AlarmBook, live: Iterable[Alarm], rules: Mapping[int, Rule], at_ms: int) -> list[Due]:
    """What time alone brings: repeats, escalations, and what a mute held back. live: alarms of the book that are not closed."""
    open_ = [one for one in live if not one.acked_ms and not one.past]
    muted, groups = (book.mutes(at_ms), book.groups()) if open_ else ([], {})
    found = []
    for alarm in open_:
        rule = rules.get(alarm.rule)
        if rule is None or any(covers(one, alarm, groups) for one in muted):
            continue
        told_ms, active = min(alarm.body.get("told_ms", 0), at_ms), alarm.state == "active"
        if not told_ms:
            found += [Due(alarm, "fired")] if active else []
            continue
        if active and rule.escalate_ms and not alarm.body.get("escalated") and at_ms - min(alarm.fired_ms, at_ms) >= rule.escalate_ms:
            found.append(Due(alarm, "escalated"))
        if rule.repeat_ms and at_ms - told_ms >= rule.repeat_ms:
            found.append(Due(alarm, "repeated"))
    return found


def settle(book: AlarmBook, rules: Mapping[int, Rule], channels: Sequence[str], at_ms: int) -> None:
    """Tell what is due. Inside a change of the writer, where the alarms are as they are now."""
    for alarm, what in due(book, book.live(), rules, at_ms):
        rule = rules[alarm.rule]
        body = {**book.alarm(alarm.no).body, "told_ms": at_ms}
        to = _first(rule, channels)
        if what == "escalated":
            body["escalated"], to = True, list(rule.escalate_to)
        elif what == "repeated" and body.get("escalated"):
            to = list(dict.fromkeys([*to, *rule.escalate_to]))
        body.pop("maintenance", None)
        book.set(alarm.no, body=body)
        # Held back by a mute, it was kept when it fired.
        kept = "unmuted" if what == "fired" else what
        _tell(book, alarm.no, book.event(alarm.no, at_ms, kept, text=", ".join(to)), to, what, at_ms)


def _fired(book: AlarmBook, one: watches.Transition, rule: Rule, channels: Sequence[str], at_ms: int) -> None:
    known = [alarm for alarm in book.of(one.rule, one.probe) if alarm.state == "active" and not alarm.past]
    if known:
        # One alarm for a cause; many probes at once may become more.
        book.set(known[0].no, body={**known[0].body, "probes": list(one.probes)} if one.probes else known[0].body)
        return
    no = book.open(**_columns(one, rule, at_ms), fired_ms=one.at_ms, body=_body(one, rule))
    alarm = book.alarm(no)
    event = book.event(no, at_ms, "fired", text=words.fired(book, alarm))
    over = next((mute for mute in book.mutes(at_ms) if covers(mute, alarm, book.groups())), None)
    if over is not None:
        book.event(no, at_ms, "muted", over.by, words.until(over.kind, over.until_ms, over.note))
        if over.kind == MAINTENANCE:
            book.set(no, body={**alarm.body, "maintenance": True})
        return
    book.set(no, body={**alarm.body, "told_ms": at_ms})
    _tell(book, no, event, _first(rule, channels), "fired", at_ms)


def _past(book: AlarmBook, one: watches.Transition, rule: Rule | None, at_ms: int) -> None:
    """An excursion that late readings showed: a row of its own, told to nobody."""
    known = book.overlapping(one.rule, one.probe, one.since_ms, one.at_ms)
    mine = [alarm for alarm in known if alarm.past and alarm.since_ms == one.since_ms]
    if mine:
        book.set(mine[0].no, cleared_ms=max(one.at_ms, mine[0].cleared_ms), worst_c=one.worst_c, worst_ms=one.worst_ms)
    elif rule is not None and one.what == "active" and not known:
        no = book.open(**_columns(one, rule, at_ms), fired_ms=one.at_ms, cleared_ms=one.at_ms, past=1, body=_body(one, rule))
        book.event(no, at_ms, "past", text=words.past(book, book.alarm(no)))


def _cleared(book: AlarmBook, alarm: Alarm, cleared_ms: int, at_ms: int, one: watches.Transition | None, why: str = "") -> None:
    worst = {} if one is None or one.worst_c is None else {"worst_c": one.worst_c, "worst_ms": one.worst_ms}
    book.set(alarm.no, cleared_ms=max(cleared_ms, alarm.fired_ms), **worst)
    book.event(alarm.no, at_ms, "cleared", text=why)
    if alarm.body.get("maintenance") and not alarm.acked_ms:
        book.set(alarm.no, acked_ms=at_ms, acked_by=BY_MAINTENANCE, closed_ms=at_ms)
        book.event(alarm.no, at_ms, "closed", BY_MAINTENANCE)
        return
    _closed_when_done(book, alarm.no, "")


def _columns(one: watches.Transition, rule: Rule, at_ms: int) -> dict[str, object]:
    return {
        "rule": one.rule,
        "probe": one.probe,
        "cause": rule.kind,
        "severity": rule.severity,
        "limit_c": rule.limit_c,
        "since_ms": one.since_ms,
        "worst_c": one.worst_c if one.worst_c is not None else one.celsius,
        "worst_ms": one.worst_ms or at_ms,
    }


def _body(one: watches.Transition, rule: Rule) -> dict[str, object]:
    return {"rule": rule.to_json(), "told_ms": 0, **({"celsius": one.celsius}), **({"probes": list(one.probes)} if one.probes else {})}


def _first(rule: Rule, channels: Sequence[str]) -> list[str]:
    """Whom to tell first: those whom the rule names, else all but those who come later."""
    return list(rule.channels) or [name for name in channels if name not in rule.escalate_to]


def _tell(book: AlarmBook, no: int, event: int, to: Sequence[str], what: str, at_ms: int) -> None:
    if to:
        text = words.message(book, book.alarm(no), what, at_ms)
        for channel in to:
            book.message(no, event, channel, at_ms, text)


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


def _closed_when_done(book: AlarmBook, no: int, by: str) -> Alarm:
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
    """Whether nobody is told of an alarm because of a mute. groups: those of probes, by the journal's numbers."""
    probes = [alarm.probe] if alarm.probe else alarm.body.get("probes", [])
    if mute.rule and mute.rule != alarm.rule:
        return False
    if mute.probe and not (probes and all(one == mute.probe for one in probes)):
        return False
    return not mute.group or (bool(probes) and all(groups.get(one) == mute.group for one in probes))


def _check(by: str, text: str, *, required: str = "") -> None:
    if len(by) > MOST_BY or not by.isprintable():
        raise _bad("by", by, f"Give the name of who says it, in up to {MOST_BY} characters.")
    if len(text) > MOST_TEXT or any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
        raise _bad(required or "comment", text, f"Send a text of up to {MOST_TEXT} characters.")
    if required and not text.strip():
        raise _bad(required, text, f"Send {required} as a text that says something.")


def _bad(name: str, value: str, remedy: str) -> TempHubError:
    return BadRequest(f"{name} is {value[:40]!r}, which cannot be kept.", remedy, code=f"bad_{name}")
