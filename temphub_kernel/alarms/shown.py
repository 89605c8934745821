"""Alarms and rules as the API tells them. Any thread; reads from a Reader."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..core import csv_cell, iso_utc, to_celsius
from ..journal import Alarm, AlarmBook, AlarmEvent, Mute, Newest, Reader, StoredRule
from . import follower, life, states, words

STATES = ("live", "active", "cleared", "unacknowledged", "closed", "past")
MOST_ALARMS = 1_000


class Asked(NamedTuple):
    """Which alarms. from_ms, to_ms: those that lie in [from_ms, to_ms) in part; live: and all that are live;
    probe_id: of one probe.

    state: one of STATES, severity, group, text (what stands somewhere in what is said of it, in whatever
    case): empty for all; most: of so many.
    """

    from_ms: int
    to_ms: int
    live: bool = True
    probe_id: str | None = None
    state: str = ""
    most: int = MOST_ALARMS
    severity: str = ""
    group: str = ""
    text: str = ""


def alarms_json(reader: Reader, asked: Asked, at_ms: int) -> dict[str, Any]:
    """`GET /api/alarms`: alarms, live ones first and the newest of each first, what is pending, muted, and
    what may be answered."""
    live = (
        [one for one in reader.live_alarms() if asked.probe_id in (None, one.probe_id)] if asked.live else []
    )
    those = {
        one.no: one for one in [*reader.alarms(asked.from_ms, asked.to_ms, asked.probe_id), *live]
    }.values()
    book = reader.alarm_book()
    found = sorted(_wanted(those, asked, book), key=lambda one: (one.live, one.no), reverse=True)
    shown = found[: asked.most]
    happened: dict[int, list[AlarmEvent]] = {}
    for event in reader.alarm_events([one.no for one in shown]):
        happened.setdefault(event.alarm, []).append(event)
    ids = {row["no"]: row["id"] for row in reader.probes(removed=True)}
    return {
        "ok": True,
        "alarms": [alarm_json(one, words.fired(book, one), ids, happened.get(one.no, [])) for one in shown],
        "left_out": len(found) - len(shown),
        "pending": pending_json(reader, ids),
        "mutes": [mute_json(one) for one in reader.mutes(at_ms)],
        "actions": list(life.ACTIONS),
    }


# The columns of a CSV, as the API names them.
CSV_COLUMNS = (
    *("number", "probe_id", "name", "severity", "cause", "limit_c", "since", "cleared", "worst_c", "state"),
    *("acknowledged", "acknowledged_by", "comment", "action", "closed", "past"),
)


def alarms_csv(told: dict[str, Any]) -> str:
    """The same as a CSV with a header: a line an alarm, no cell a formula."""
    lines = [",".join(CSV_COLUMNS)]
    for alarm in told["alarms"]:
        lines.append(
            ",".join(csv_cell("" if alarm[name] is None else str(alarm[name])) for name in CSV_COLUMNS)
        )
    return "\n".join(lines) + "\n"


def _wanted(alarms: Iterable[Alarm], asked: Asked, book: AlarmBook) -> list[Alarm]:
    groups, sought = book.groups() if asked.group else {}, asked.text.strip().casefold()
    return [
        one
        for one in alarms
        if (not asked.state or fits(one, asked.state))
        and asked.severity in ("", one.severity)
        and (
            not asked.group
            or any(groups.get(no) == asked.group for no in (one.probe, *one.body.get("probes", ())))
        )
        and (not sought or sought in text_of(one, words.fired(book, one)).casefold())
    ]


def text_of(alarm: Alarm, what: str) -> str:
    """Where a word is looked for: what is the matter where, the rule's name, what people said and did."""
    return "\n".join(
        (what, str(alarm.body.get("rule", {}).get("name") or ""), alarm.acked_by, alarm.comment, alarm.action)
    )


def fits(alarm: Alarm, state: str) -> bool:
    """Whether an alarm is in one of STATES."""
    if state == "live":
        return alarm.live
    if state == "unacknowledged":
        return not alarm.acked_ms
    if state == "closed":
        return not alarm.live
    if state == "past":
        return alarm.past
    return alarm.state == state


def alarm_json(alarm: Alarm, text: str, ids: dict[int, str], events: Sequence[AlarmEvent]) -> dict[str, Any]:
    """One alarm. text: what is the matter, in a line."""
    rule = alarm.body.get("rule", {})
    return {
        "number": alarm.no,
        "rule": alarm.rule,
        "name": rule.get("name", ""),
        "text": text,
        "probe_id": alarm.probe_id,
        "probe_ids": [ids[no] for no in alarm.body.get("probes", []) if no in ids]
        or ([alarm.probe_id] if alarm.probe_id else []),
        "cause": alarm.cause,
        "severity": alarm.severity,
        "limit_c": alarm.limit_c,
        "state": alarm.state,
        "live": alarm.live,
        "past": alarm.past,
        "since": iso_utc(alarm.since_ms),
        "fired": iso_utc(alarm.fired_ms),
        "back": _time(alarm.all_back_ms),
        "delivering_again": _time(alarm.all_back_ms if alarm.cause == "silent" else 0),
        "cleared": _time(alarm.cleared_ms),
        "worst_c": alarm.worst_c,
        "worst": _time(alarm.worst_ms if alarm.worst_c is not None else 0),
        "acknowledged": _time(alarm.acked_ms),
        "acknowledged_by": alarm.acked_by,
        "comment": alarm.comment,
        "action": alarm.action,
        "action_required": bool(rule.get("require_action")),
        "closed": _time(alarm.closed_ms),
        "events": [
            {"time": iso_utc(one.at_ms), "what": one.what, "by": one.by, "text": one.text} for one in events
        ],
    }


def pending_json(reader: Reader, ids: dict[int, str]) -> list[dict[str, Any]]:
    """What may become an alarm."""
    return [
        {"rule": rule, "probe_id": ids[probe], "since": iso_utc(since_ms)}
        for (rule, probe), since_ms in waiting(reader).items()
        if probe in ids
    ]


def waiting(reader: Reader) -> dict[tuple[int, int], int]:
    """Since when what may become an alarm has been so, by the numbers of rule and probe."""
    noted = reader.note(follower.PENDING)[1] or reader.bookmark(follower.FOLLOWER)[1]
    return {(rule, probe): since_ms for rule, probe, since_ms in noted.get(follower.PENDING, ())}


def standings(
    reader: Reader,
    probes: Iterable[Mapping[str, Any]],
    refused: Collection[str],
    at_ms: int,
    newest: Mapping[str, Newest],
) -> dict[str, states.Standing]:
    """The worst that is the matter with each probe, as the page says it. probes, newest: as Reader.probes and
    Reader.newest tell, the latter by id."""
    rules, about = list(reader.rules()), _about(reader.live_alarms())
    limits, pending = states.in_force(rules), _Pending(reader)
    silences, watching = states.remembered(reader.note(states.TOPIC)[1]), states.Watching(rules)
    gathered_ms, brought = states.gathered(reader.note(states.GATHERING)[1]), _brought(reader)
    found = {}
    for one in probes:
        id_, no = one["id"], one["no"]
        found[id_] = states.standing(
            _newest(newest.get(id_), one, id_ in refused, at_ms, gathered_ms, brought),
            [limits[r.no] for r in watching.of(id_, str(one.get("group") or "")) if r.no in limits],
            about.get(no, ()),
            silences.get(id_),
            at_ms,
            lambda rule, no=no: pending.since_ms(rule, no),  # type: ignore[misc]
            no,
        )
    return found


class _Pending:
    """What may become an alarm; read only where a value is beyond a limit, since all that the watching has to
    remember comes with it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._told: dict[tuple[int, int], int] | None = None

    def since_ms(self, rule: int, probe: int) -> int:
        """Since when, 0 for not."""
        if self._told is None:
            self._told = waiting(self._reader)
        return self._told.get((rule, probe), 0)


def _about(live: Iterable[Alarm]) -> dict[int, list[Alarm]]:
    """The alarms about each probe, by its number."""
    found: dict[int, list[Alarm]] = {}
    for alarm in live:
        for no in dict.fromkeys((alarm.probe, *alarm.body.get("probes", ()))):
            found.setdefault(no, []).append(alarm)
    return found


def _newest(
    newest: Newest | None,
    probe: Mapping[str, Any],
    refused: bool,
    at_ms: int,
    gathered_ms: int,
    brought: Mapping[str, int],
) -> states.Newest:
    interval_ms, good = int(probe["interval_ms"] or 0), newest is not None and newest.units is not None
    taken_ms = newest.taken_ms if newest else 0
    told = bool(probe["provisioned_ms"])
    heard = states.heard(
        at_ms,
        taken_ms or None,
        interval_ms,
        good,
        told=told,
        refused=refused,
        gathered_ms=gathered_ms,
        delivered_ms=newest.delivered_ms if newest else 0,
    )
    celsius = to_celsius(newest.units) if newest is not None and newest.units is not None else None
    all_of = sum(brought.get(id_, 0) for id_ in (probe["id"], *probe["also"]))
    imported = newest is not None and newest.readings == all_of
    return states.Newest(heard, taken_ms, taken_ms if good else 0, celsius, interval_ms, imported)


def _brought(reader: Reader) -> Mapping[str, int]:
    """How many readings of each id somebody imported."""
    found: Counter[str] = Counter()
    for one in reader.imports():
        found.update({} if one.undone_ms else one.probes)
    return found


def standing_json(standing: states.Standing) -> dict[str, Any]:
    """As `/api/probes` has it."""
    return {
        "state": standing.state,
        "level": states.LEVELS[standing.level],
        "since": _time(standing.since_ms),
        "until": _time(standing.to_ms),
        "limit_c": standing.limit_c,
    }


def mute_json(mute: Mute) -> dict[str, Any]:
    """One mute or maintenance; rule is null, probe_id and group are empty where it is for any."""
    return {
        "number": mute.no,
        "kind": mute.kind,
        "rule": mute.rule or None,
        "probe_id": mute.probe_id,
        "group": mute.group,
        "from": iso_utc(mute.from_ms),
        "until": iso_utc(mute.until_ms),
        "by": mute.by,
        "note": mute.note,
    }


def rule_json(rule: StoredRule) -> dict[str, Any]:
    """A rule with its number, when and by whom it was last changed."""
    changed = {"made": iso_utc(rule.made_ms), "changed": iso_utc(rule.changed_ms), "by": rule.by}
    return {"number": rule.no, "rule": {**rule.body, "enabled": rule.enabled}, **changed}


def _time(ms: int) -> str | None:
    return iso_utc(ms) if ms else None
