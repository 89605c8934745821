"""A report as blocks of texts, tables and pictures, in its language: what PDF and HTML are both made of. Any
thread; pure."""

from collections.abc import Sequence
from typing import Any

from ..language import Language
from .chart import chart
from .content import Content, ProbePart
from .measures import LATER_MS, Measured
from .order import zone_of
from .tables import about, alarms_of, calibrations_of, covered, excursions_of, overview_of, remarks_of

Block = dict[str, Any]


def document(content: Content, version: str) -> dict[str, Any]:
    """Everything to be set: title, language, paper, blocks.

    `kind` of a block: heading, text, facts, table, chart, code, signatures, or together, whose `blocks` stay
    on one page.
    """
    order = content.order
    say = Language(order.language, zone_of(order.zone))
    blocks = [_head(content, say, version)]
    if len(content.probes) > 1:
        blocks += [heading(say("overview")), overview_of(content, say)]
    for part in content.probes:
        blocks.append({"kind": "together", "blocks": _probe(content, part, say)})
    blocks += excursions_of(content, say)
    blocks += alarms_of(content, say)
    blocks += remarks_of(content, say)
    blocks += calibrations_of(content, say)
    blocks += _how(content, say)
    who = [say("made_sign"), say("checked_sign")]
    blocks.append(
        {"kind": "signatures", "title": say("signatures"), "who": who, "what": say("name_date_sign")}
    )
    return {
        "language": order.language,
        "paper": order.paper,
        "title": order.title or say("title"),
        "pages": say("pages", page="{page}", pages="{pages}"),
        "footer": f"{place_of(content, say)} · {_period(content, say)}",
        "blocks": blocks,
    }


def heading(text: str, level: int = 1) -> Block:
    """A heading."""
    return {"kind": "heading", "level": level, "text": text}


def place_of(content: Content, say: Language) -> str:
    """Where it was measured, as people call it."""
    order = content.order
    named = ", ".join(part.title for part in content.probes[:3]) if order.probe_ids else ""
    return order.place or order.group or named or say("all_probes")


def _period(content: Content, say: Language) -> str:
    ends = (say.moment(ms, seconds=False) for ms in (content.order.from_ms, content.order.to_ms))
    return say("period_is", **dict(zip(("from", "to"), ends, strict=True)))


def _head(content: Content, say: Language, version: str) -> Block:
    zone = content.order.zone
    rows = [
        (say("place"), place_of(content, say)),
        (say("period"), _period(content, say)),
        (
            say("zone"),
            f"{zone if zone != 'local' else ''} (UTC{say.clock(content.order.from_ms):%z})".strip(),
        ),
        (say("probes"), ", ".join(part.title for part in content.probes) or "–"),
        (say("made"), say("made_by", when=say.moment(content.made_ms), version=version)),
        (say("fingerprint"), content.fingerprint.whole),
    ]
    if content.made_ms < content.order.to_ms:
        rows.append((say("state"), say("not_over")))
    return {"kind": "facts", "rows": [list(row) for row in rows]}


def _probe(content: Content, part: ProbePart, say: Language) -> list[Block]:
    found = [heading(part.title)]
    if part.measured is not None:
        span = content.order.from_ms, content.order.to_ms
        alarms = [(alarm.since_ms, alarm.cleared_ms or content.made_ms) for alarm in part.alarms]
        picture = chart(part.measured.band, part.limits, alarms, span, say, zone_of(content.order.zone))
        found.append({"kind": "chart", "svg": picture, "alt": say("chart_of", probe=part.title)})
    return [
        *found,
        {
            "kind": "facts",
            "rows": [list(row) for row in [*_identity(part, say), *_figures(content, part, say)]],
        },
    ]


def _identity(part: ProbePart, say: Language) -> list[tuple[str, str]]:
    """Whose sensor on which board it is."""
    record, (_, colon, key) = part.record, part.id.partition(":")
    board = ", ".join(str(record[name]) for name in ("model", "version") if record.get(name))
    ids = ", ".join([part.id, *record["also"]])
    rows = [(say("id"), ids), (say("sensor"), key if colon else say("first_sensor"))]
    rows += [(say("board"), board)] if board else []
    return rows + ([(say("note"), str(record["note"]))] if record["note"] else [])


def _figures(content: Content, part: ProbePart, say: Language) -> list[tuple[str, str]]:
    told = part.measured
    if told is None:
        return [(say("readings"), say("nothing"))]
    figures, complete = told.figures, told.complete
    counted = say.count(figures.readings)
    whole = not complete.missing
    share = (
        say("complete_whole")
        if whole
        else say("complete_part", percent=say.number(complete.percent), missing=say.count(complete.missing))
    )
    unknown_ms = min(content.order.to_ms, content.made_ms) - content.order.from_ms - told.beyond.measured_ms
    rows = [
        (
            say("readings"),
            say("readings_are", good=counted, faults=say.count(figures.faults))
            if figures.faults
            else counted,
        ),
        *_covered(content, part, told, say),
        (say("complete"), f"{share}; {say('proved' if complete.proved else 'estimated')}"),
        (say("lowest"), say("at", celsius=say.celsius(figures.low), when=say.moment(told.low_ms))),
        (say("mean"), about(say, say.celsius(figures.mean), exact=figures.exact)),
        (say("highest"), say("at", celsius=say.celsius(figures.high), when=say.moment(told.high_ms))),
        (say("not_measured"), about(say, say.length(max(unknown_ms, 0)), exact=told.beyond.exact)),
        (say("mkt"), about(say, say.celsius(told.mkt_c), exact=told.mkt_exact)),
    ]
    limits = _limits(told, say)
    return [*rows, *(limits or [(say("limit"), say("no_limits"))])]


def _covered(content: Content, part: ProbePart, told: Measured, say: Language) -> list[tuple[str, str]]:
    """How much of the period was measured: of all of it and, where the probe came later, since then."""
    rows = [(say("covered_whole"), covered(content, part, say))]
    if told.first_ms - content.order.from_ms > LATER_MS:
        since = covered(content, part, say, told.first_ms)
        rows.append((say("covered_since"), say("since_first", share=since, when=say.moment(told.first_ms))))
    return rows


def _limits(told: Measured, say: Language) -> list[tuple[str, str]]:
    """For how long each limit was passed, and by how much."""
    rows: list[tuple[str, str]] = []
    for passed, degrees in zip(told.beyond.passed, told.degrees, strict=True):
        limit = say.limit(passed.limit.celsius)
        time = (
            about(say, say.length(passed.beyond_ms), exact=passed.exact)
            if passed.beyond_ms or not passed.exact
            else say("never")
        )
        area = about(say, say("degree_hours_are", value=say.number(degrees.value)), exact=degrees.exact)
        rows += [
            (say(passed.limit.kind, limit=limit), time),
            (say(f"degree_hours_{passed.limit.kind}", limit=limit), area),
        ]
    return rows


def _how(content: Content, say: Language) -> list[Block]:
    estimates = any(part.measured is not None and not part.measured.exact for part in content.probes)
    texts = ["how_readings", "how_figures", *(["how_about"] if estimates else []), "how_limits"]
    said = [{"kind": "text", "text": say(name)} for name in texts]
    lines = [f"{say('fingerprint')}: {content.fingerprint.whole}", *_parts(content), say("how_verify")]
    return [heading(say("how")), *said, {"kind": "code", "lines": lines}]


def _parts(content: Content) -> Sequence[str]:
    return [f"  {name} {value}" for name, value in sorted(content.fingerprint.parts.items())]
