"""The tables of a report: overview, excursions, alarms, remarks, calibrations. Any thread; pure."""

import math
from typing import Any, NamedTuple

from ..journal import Alarm, Limit
from ..language import Language
from .content import Content, ProbePart

Block = dict[str, Any]
# So many rows are read by somebody; all there are come with `temphub export` and in a notebook.
MOST_ROWS = 250
EVER_MS = 2**53
KNOWN = ("above", "below", "rise", "fall", "silent", "frozen", "sensor", "resets", "weak_wifi", "outbox")


def _heading(text: str) -> Block:
    return {"kind": "heading", "level": 1, "text": text}


def _text(text: str) -> Block:
    return {"kind": "text", "text": text}


def _table(head: list[str], rows: list[list[str]], widths: list[float], right: tuple[int, ...] = ()) -> Block:
    """widths: shares of the paper's; right: columns of numbers."""
    return {"kind": "table", "head": head, "rows": rows, "widths": widths, "right": list(right)}


def overview_of(content: Content, say: Language) -> Block:
    """A row for each probe."""
    head = [
        say(name)
        for name in ("probe", "readings", "covered", "complete", "lowest", "mean", "highest", "alarms_count")
    ]
    rows = [_overview_row(content, part, say) for part in content.probes]
    return _table(head, rows, [2.9, 1.4, 1.5, 1.9, 1.3, 1.5, 1.3, 1.1], (1, 2, 3, 4, 5, 6, 7))


def _overview_row(content: Content, part: ProbePart, say: Language) -> list[str]:
    told = part.measured
    if told is None:
        return [part.title, "0", "0 %", "–", "–", "–", "–", say.count(len(part.alarms))]
    share = f"{say.number(told.complete.percent)} %" if told.complete.missing else "100 %"
    return [
        part.title,
        say.count(told.figures.readings),
        covered(content, part, say),
        about(say, share, exact=told.complete.proved),
        say.celsius(told.figures.low),
        about(say, say.celsius(told.figures.mean), exact=told.figures.exact),
        say.celsius(told.figures.high),
        say.count(len(part.alarms)),
    ]


def covered(content: Content, part: ProbePart, say: Language, from_ms: int = 0) -> str:
    """For which share of the period it was measured, of what of it is over; rounded down. from_ms: of what
    comes after that."""
    told = part.measured
    assert told is not None
    whole = min(content.order.to_ms, content.made_ms) - max(content.order.from_ms, from_ms)
    percent = math.floor(10_000 * min(told.beyond.measured_ms / max(whole, 1), 1)) / 100
    share = "100 %" if percent == 100 else f"{say.number(percent)} %"
    return about(say, share, exact=told.beyond.exact)


class Excursion(NamedTuple):
    """A time beyond a limit. begins, ends: how each end is known, see journal/statistics/exceedance.py."""

    part: ProbePart
    limit: Limit
    start_ms: int
    end_ms: int
    peak_c: float
    begins: str
    ends: str


def excursions_of(content: Content, say: Language) -> list[Block]:
    """All of them by time; the longest where there are too many."""
    found, lacking = [], []
    for part in content.probes:
        for passed in part.measured.beyond.passed if part.measured else ():
            found += _excursions(part, passed.limit, passed.excursions)
            if not passed.exact:
                lacking.append(
                    _text(
                        say("excursions_not_listed", probe=part.title, limit=say.limit(passed.limit.celsius))
                    )
                )
    shown = sorted(found, key=lambda one: one.start_ms - one.end_ms)[:MOST_ROWS]
    rows = [_excursion_row(one, say) for one in sorted(shown, key=lambda one: (one.start_ms, one.part.title))]
    head = [say(name) for name in ("probe", "limit", "begin", "end", "lasted", "farthest", "comment")]
    blocks = [_heading(say("excursions")), _text(say("excursions_are"))]
    if len(found) > len(shown):
        blocks.append(
            _text(say("too_many_excursions", count=say.count(len(found)), shown=say.count(len(shown))))
        )
    if rows:
        blocks.append(_table(head, rows, [1.9, 1.4, 2.1, 2.1, 1.5, 1.3, 3.0], (4, 5)))
    elif not lacking:
        blocks.append(_text(say("no_excursions")))
    return [*blocks, *lacking]


def _excursions(part: ProbePart, limit: Limit, found: Any) -> list[Excursion]:
    if found is None:
        return []
    columns = (
        found.start_ms.round().astype(int),
        found.end_ms.round().astype(int),
        found.peak_c,
        found.begins,
        found.ends,
    )
    return [
        Excursion(part, limit, *row) for row in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _excursion_row(one: Excursion, say: Language) -> list[str]:
    begin, end = say.moment(one.start_ms), say.moment(one.end_ms)
    told = [
        remedy_of(alarm)
        for alarm in one.part.alarms
        if alarm.cause == one.limit.kind
        and alarm.since_ms <= one.end_ms
        and (not alarm.cleared_ms or alarm.cleared_ms >= one.start_ms)
    ]
    return [
        one.part.title,
        say(f"cause_{one.limit.kind}", limit=say.limit(one.limit.celsius)),
        begin if one.begins == "crossing" else say("open_begin", when=begin),
        end if one.ends == "crossing" else say("open_end", when=end),
        say.length(one.end_ms - one.start_ms),
        say.celsius(one.peak_c),
        "; ".join(dict.fromkeys(text for text in told if text)),
    ]


def alarms_of(content: Content, say: Language) -> list[Block]:
    """Alarms, who acknowledged them, and what was said and done."""
    if not content.alarms:
        return [_heading(say("alarms")), _text(say("no_alarms"))]
    head = [say(name) for name in ("probe", "alarm", "since", "until", "worst", "acknowledged", "comment")]
    rows = []
    for alarm in content.alarms[-MOST_ROWS:]:
        acknowledged = (
            say("acknowledged_by", when=say.moment(alarm.acked_ms), who=alarm.acked_by or "–")
            if alarm.acked_ms
            else ""
        )
        rows.append(
            [
                content.names.get(alarm.probe_id, alarm.probe_id) or say("several"),
                f"{cause_of(alarm, say)} ({say(alarm.severity)})",
                say.moment(alarm.since_ms),
                say.moment(alarm.cleared_ms) if alarm.cleared_ms else say("goes_on"),
                "–" if alarm.worst_c is None else say.celsius(alarm.worst_c),
                acknowledged or say("not_acknowledged"),
                remedy_of(alarm),
            ]
        )
    left_out = len(content.alarms) - len(rows)
    more = (
        [_text(say("too_many_alarms", count=say.count(len(content.alarms)), shown=say.count(len(rows))))]
        if left_out
        else []
    )
    return [_heading(say("alarms")), *more, _table(head, rows, [1.8, 2.0, 1.9, 1.9, 1.3, 2.2, 2.6], (4,))]


def remarks_of(content: Content, say: Language) -> list[Block]:
    """What people wrote, and what they struck out; nothing where there is neither."""
    found = [(one.from_ms, one.to_ms, one.probe_id, one.text) for one in content.remarks]
    for strike in content.strikes:
        text = say("struck", note=strike.note) if strike.note else say("struck_plain")
        found.append((strike.from_ms, strike.to_ms, strike.probe_id, text))
    if not found:
        return []
    rows = []
    for from_ms, to_ms, probe_id, text in sorted(found, key=lambda one: one[0])[-MOST_ROWS:]:
        when = say.moment(from_ms) if to_ms <= from_ms else f"{say.moment(from_ms)} – {say.moment(to_ms)}"
        rows.append([when, content.names.get(probe_id, probe_id) if probe_id else say("all_probes"), text])
    left_out = len(found) - len(rows)
    more = (
        [_text(say("too_many_remarks", count=say.count(len(found)), shown=say.count(len(rows))))]
        if left_out
        else []
    )
    return [
        _heading(say("remarks")),
        *more,
        _table([say(name) for name in ("when", "probe", "remark")], rows, [3, 2.5, 6]),
    ]


def calibrations_of(content: Content, say: Language) -> list[Block]:
    """Which corrections held in this time."""
    rows = []
    for one in content.calibrations:
        points = ", ".join(f"{say.number(shown)} → {say.number(true)}" for shown, true in one.points) or say(
            "no_correction"
        )
        rows.append(
            [
                content.names.get(one.probe_id, one.probe_id),
                _in_force(one.from_ms, one.to_ms, say),
                points,
                one.note,
            ]
        )
    for chip in content.thermocouples:
        what = say("thermocouple", type=chip.type, chip=chip.chip)
        rows.append(
            [
                content.names.get(chip.probe_id, chip.probe_id),
                _in_force(chip.from_ms, chip.to_ms, say),
                what,
                chip.note,
            ]
        )
    head = [say(name) for name in ("probe", "in_force", "correction", "note")]
    table = _table(head, rows, [2.2, 3, 3.4, 3]) if rows else _text(say("no_calibrations"))
    return [_heading(say("calibrations")), table]


def _in_force(from_ms: int, to_ms: int, say: Language) -> str:
    """From which day on, or from when to when; dots for what has no beginning."""
    begin = say.day(from_ms) if from_ms > 0 else "…"
    if to_ms >= EVER_MS:
        return say("from_on", **{"from": begin})
    return say("period_is", **{"from": begin, "to": say.day(to_ms)})


def about(say: Language, text: str, *, exact: bool) -> str:
    """The text, marked where it is an estimate."""
    return text if exact else say("about", value=text)


def cause_of(alarm: Alarm, say: Language) -> str:
    """What is the matter: `above 8 °C`, with the name of its rule."""
    limit = "" if alarm.limit_c is None else say.limit(alarm.limit_c)
    what = say(f"cause_{alarm.cause}", limit=limit) if alarm.cause in KNOWN else alarm.cause
    name = str(alarm.body.get("rule", {}).get("name", ""))
    said = f"{name}: {what}" if name else what
    return f"{said} ({say('known_late')})" if alarm.past else said


def remedy_of(alarm: Alarm) -> str:
    """What people said and did."""
    return "; ".join(dict.fromkeys(text for text in (alarm.comment, alarm.action) if text))
