"""What happened in the window, in words: each a button to its moment. Any thread; pure."""

import json
from collections.abc import Mapping

from .. import format, words
from ..data import Event, Looked, Probe, Snapshot
from . import alarms, cards

# Moments that are listed, and compressors.
MOST, MOST_COMPRESSORS = 10, 5
# A moment is shown with its surroundings.
AROUND_MS = 600_000


def listed(snapshot: Snapshot, found: Mapping[str, Looked]) -> str:
    """Of the probes that are shown the moments to tell, the newest first; then how compressors ran, and what
    was not looked at."""
    probes = {probe.id: probe for probe in snapshot.looked_into}
    from_ms, _ = snapshot.window.ends(snapshot.now_ms)
    looked = {id_: found[id_] for id_ in probes if id_ in found}
    events = [one for all_ in looked.values() for one in all_.events if one.end_ms >= from_ms]
    # What is beyond a limit, or was not seen to end, is told even where much else came after it.
    first = sorted(events, key=lambda one: (_presses(one), one.start_ms), reverse=True)[:MOST]
    rows = [
        _row(_told(one, snapshot), one.start_ms, one.end_ms, one.at_ms, probes[one.probe_id], snapshot)
        for one in sorted(first, key=lambda one: (one.start_ms, one.kind), reverse=True)
    ]
    told = _list(rows, len(events) - len(first))
    if looked and not events and len(looked) == len(probes):
        told = _quiet(words.HAPPENED_NONE)
    running = [(probes[id_], all_) for id_, all_ in looked.items() if all_.compressor is not None]
    told += _list(
        [_compressor(*one, snapshot) for one in running[:MOST_COMPRESSORS]], len(running) - MOST_COMPRESSORS
    )
    how = _quiet(words.HAPPENED_MEANING) if told else ""
    return cards.heading(words.HAPPENED) + told + how + _left_out(probes, looked, snapshot)


def moment(ms: int, snapshot: Snapshot) -> str:
    """`Yesterday 14:10` on the viewer's clock; further back with its date."""
    view, now_ms = snapshot.view, snapshot.now_ms
    days = (format.local(now_ms, view.where).date() - format.local(ms, view.where).date()).days
    if days not in (0, 1):
        return view.at(ms, now_ms, to_second=False)
    return (words.YESTERDAY_AT if days else words.TODAY_AT).format(view.at(ms, ms, to_second=False))


def _presses(one: Event) -> bool:
    return one.kind in ("above", "below") or (one.kind == "door" and not one.whole)


def _told(one: Event, snapshot: Snapshot) -> str:
    view, lasted = snapshot.view, format.span(one.end_ms - one.start_ms)
    if one.kind == "door":
        warmer = alarms.degrees(one.celsius, view, difference=True)
        return words.DOOR_SHUT.format(warmer, lasted) if one.whole else words.DOOR_LEFT.format(warmer)
    if one.kind == "gap":
        missing = format.counted(words.GAP_MISSING, one.missing) if one.missing else ""
        return words.GAP.format(lasted) + missing
    lasted = lasted if one.whole else words.AT_LEAST.format(lasted)
    return words.BEYOND[one.kind].format(
        alarms.degrees(one.limit_c, view), lasted, alarms.degrees(one.celsius, view)
    )


def _compressor(probe: Probe, looked: Looked, snapshot: Snapshot) -> str:
    ran = looked.compressor
    assert ran is not None
    longest = format.span(ran.end_ms - ran.start_ms)
    told = words.COMPRESSOR.format(
        format.count(ran.runs), format.span(ran.period_ms), f"{ran.duty_percent:.0f}", longest
    )
    return _row(told, ran.start_ms, ran.end_ms, ran.start_ms, probe, snapshot)


def _row(told: str, start_ms: int, end_ms: int, at_ms: int, probe: Probe, snapshot: Snapshot) -> str:
    at = moment(start_ms, snapshot)
    text = f"<b>{format.safe(at)}</b> {format.safe(words.HAPPENED_TO.format(probe.name, told))}"
    if not snapshot.view.scripted:
        return f"<li>{text}</li>"
    reach_ms = max((end_ms - start_ms) // 2, AROUND_MS)
    asked = {"window": [start_ms - reach_ms, end_ms + reach_ms], "see": at_ms, "of": probe.id}
    do, title = format.safe(json.dumps(asked)), format.safe(words.SHOW_MOMENT)
    return f'<li><button type="button" class="th-link" data-do="{do}" title="{title}">{text}</button></li>'


def _list(rows: list[str], more: int) -> str:
    rest = (
        f'<li class="th-quiet">{format.safe(format.counted(words.AND_MORE, more))}</li>' if more > 0 else ""
    )
    return f'<ul class="th-happened">{"".join(rows)}{rest}</ul>' if rows else ""


def _left_out(probes: Mapping[str, Probe], looked: Mapping[str, Looked], snapshot: Snapshot) -> str:
    """What was not looked at (yet)."""
    told = ""
    if len(looked) < len(probes):
        told = _quiet(words.HAPPENED_LOOKING.format(len(looked), len(probes)))
    cut = [id_ for id_, all_ in looked.items() if all_.since_ms]
    if cut:
        since = moment(max(looked[id_].since_ms for id_ in cut), snapshot)
        whose = probes[cut[0]].name if len(cut) == 1 else words.PROBES_COUNT.format(len(cut))
        told += _quiet(words.HAPPENED_SINCE.format(whose, since))
    return told


def _quiet(text: str) -> str:
    return f'<p class="th-quiet">{format.safe(text)}</p>'
