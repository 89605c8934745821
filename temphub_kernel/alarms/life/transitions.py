"""What readings and time bring to an alarm: fired, cleared, past; told, repeated, escalated.

The follower's, inside its one commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...core import DAY_MS
from ...journal import MAINTENANCE, Alarm, AlarmBook
from .. import watches, words
from ..rules import Rule
from .people import closed_when_done, covers

BY_MAINTENANCE = "maintenance"
# What no rule watches: told to everybody, and once a day until somebody acknowledges it.
OWN = Rule("own", repeat_ms=DAY_MS)


def take(
    book: AlarmBook,
    found: Iterable[watches.Transition],
    rules: Mapping[int, Rule],
    channels: Sequence[str],
    at_ms: int,
) -> None:
    """Keep what the engine told, and whom to tell of it. at_ms: the hub's clock. Inside a change of the
    writer."""
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


def come_back(book: AlarmBook, back: watches.Back, at_ms: int) -> None:
    """Keep since when the probes of alarms that go on are well again, until their rules take that for over:
    see Alarm.back_ms. Inside a change of the writer."""
    for (rule, probe), times in back.items():
        for alarm in book.of(rule, probe):
            if alarm.state == "active" and not alarm.past:
                book.come_back(alarm, times, at_ms)


# A rule's number, its kind, and a probe's number.
Watched = tuple[int, str, int]


def give_up(book: AlarmBook, watched: set[Watched], at_ms: int) -> None:
    """Clear what nobody watches any more: its rule was switched off, deleted or made one of another kind, or
    its probe removed."""
    for alarm in unwatched(book.live(), watched):
        _cleared(
            book,
            alarm,
            at_ms,
            at_ms,
            None,
            "Nobody watches it any more: its rule was changed or its probe removed.",
        )


def unwatched(live: Iterable[Alarm], watched: set[Watched]) -> list[Alarm]:
    """Active alarms of which the cause is not watched any more there."""
    active = [one for one in live if one.state == "active"]
    known = {(rule, kind) for rule, kind, _ in watched} if any(one.probe == 0 for one in active) else set()
    return [
        one
        for one in active
        if (
            (one.rule, one.cause) not in known
            if one.probe == 0
            else (one.rule, one.cause, one.probe) not in watched
        )
    ]


class Due(NamedTuple):
    """What is to be told now. what: fired (it was not told yet), repeated or escalated."""

    alarm: Alarm
    what: str


def due(book: AlarmBook, live: Iterable[Alarm], rules: Mapping[int, Rule], at_ms: int) -> list[Due]:
    """What time alone brings: repeats, escalations, and what a mute held back. live: alarms of the book that
    are not closed."""
    open_ = [one for one in live if not one.acked_ms and not one.past]
    muted, groups = (book.mutes(at_ms), book.groups()) if open_ else ([], {})
    found = []
    for alarm in open_:
        rule = OWN if alarm.own else rules.get(alarm.rule)
        if rule is None or any(covers(one, alarm, groups) for one in muted):
            continue
        told_ms, active = min(alarm.body.get("told_ms", 0), at_ms), alarm.state == "active"
        if not told_ms:
            found += [Due(alarm, "fired")] if active else []
            continue
        if (
            active
            and rule.escalate_ms
            and not alarm.body.get("escalated")
            and at_ms - min(alarm.fired_ms, at_ms) >= rule.escalate_ms
        ):
            found.append(Due(alarm, "escalated"))
        if rule.repeat_ms and at_ms - told_ms >= rule.repeat_ms:
            found.append(Due(alarm, "repeated"))
    return found


def settle(book: AlarmBook, rules: Mapping[int, Rule], channels: Sequence[str], at_ms: int) -> None:
    """Tell what is due. Inside a change of the writer, where the alarms are as they are now."""
    for alarm, what in due(book, book.live(), rules, at_ms):
        rule = OWN if alarm.own else rules[alarm.rule]
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
        book.set(
            known[0].no, body={**known[0].body, "probes": list(one.probes)} if one.probes else known[0].body
        )
        return
    no = book.open(**_columns(one, rule, at_ms), fired_ms=one.at_ms, body=_body(one, rule))
    alarm = book.alarm(no)
    _tell_first(book, alarm, rule, channels, at_ms)


def _tell_first(book: AlarmBook, alarm: Alarm, rule: Rule, channels: Sequence[str], at_ms: int) -> None:
    no = alarm.no
    event = book.event(no, at_ms, "fired", text=words.fired(book, alarm))
    over = next((mute for mute in book.mutes(at_ms) if covers(mute, alarm, book.groups())), None)
    if over is not None:
        book.event(no, at_ms, "muted", over.by, words.until(over.kind, over.until_ms, over.note))
        if over.kind == MAINTENANCE:
            book.set(no, body={**alarm.body, "maintenance": True})
        return
    book.set(no, body={**alarm.body, "told_ms": at_ms})
    _tell(book, no, event, _first(rule, channels), "fired", at_ms)


def own(book: AlarmBook, cause: str, problem: str, remedy: str, channels: Sequence[str], at_ms: int) -> None:
    """What is the matter with the hub itself; an empty problem: nothing any more. One alarm for a cause.
    Inside a change of the writer."""
    known = [one for one in book.of(0, 0) if one.cause == cause and one.state == "active"]
    body = {"text": problem, "remedy": remedy}
    for alarm in known:
        if not problem:
            _cleared(book, alarm, at_ms, at_ms, None)
        elif alarm.body.get("text") != problem:
            book.set(alarm.no, body={**alarm.body, **body})
    if problem and not known:
        times = {"since_ms": at_ms, "fired_ms": at_ms, "worst_ms": at_ms}
        no = book.open(
            rule=0, probe=0, cause=cause, severity=OWN.severity, body={**body, "told_ms": 0}, **times
        )
        _tell_first(book, book.alarm(no), OWN, channels, at_ms)


def _past(book: AlarmBook, one: watches.Transition, rule: Rule | None, at_ms: int) -> None:
    """An excursion that late readings showed: a row of its own, told to nobody."""
    known = book.overlapping(one.rule, one.probe, one.since_ms, one.at_ms)
    mine = [alarm for alarm in known if alarm.past and alarm.since_ms == one.since_ms]
    if mine:
        book.set(
            mine[0].no,
            cleared_ms=max(one.at_ms, mine[0].cleared_ms),
            worst_c=one.worst_c,
            worst_ms=one.worst_ms,
        )
    elif rule is not None and one.what == "active" and not known:
        no = book.open(
            **_columns(one, rule, at_ms),
            fired_ms=one.at_ms,
            cleared_ms=one.at_ms,
            past=1,
            body=_body(one, rule),
        )
        book.event(no, at_ms, "past", text=words.past(book, book.alarm(no)))


def _cleared(
    book: AlarmBook, alarm: Alarm, cleared_ms: int, at_ms: int, one: watches.Transition | None, why: str = ""
) -> None:
    worst = {} if one is None or one.worst_c is None else {"worst_c": one.worst_c, "worst_ms": one.worst_ms}
    book.set(alarm.no, cleared_ms=max(cleared_ms, alarm.fired_ms), **worst)
    book.event(alarm.no, at_ms, "cleared", text=why)
    if alarm.body.get("maintenance") and not alarm.acked_ms:
        book.set(alarm.no, acked_ms=at_ms, acked_by=BY_MAINTENANCE, closed_ms=at_ms)
        book.event(alarm.no, at_ms, "closed", BY_MAINTENANCE)
        return
    closed_when_done(book, alarm.no, "")


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
    return {
        "rule": rule.to_json(),
        "told_ms": 0,
        **({"celsius": one.celsius}),
        **({"probes": list(one.probes)} if one.probes else {}),
    }


def _first(rule: Rule, channels: Sequence[str]) -> list[str]:
    """Whom to tell first: those whom the rule names, else all but those who come later."""
    return list(rule.channels) or [name for name in channels if name not in rule.escalate_to]


def _tell(book: AlarmBook, no: int, event: int, to: Sequence[str], what: str, at_ms: int) -> None:
    if to:
        text = words.message(book, book.alarm(no), what, at_ms)
        for channel in to:
            book.message(no, event, channel, at_ms, text)
