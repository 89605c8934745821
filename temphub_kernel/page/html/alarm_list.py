"""HTML of the list of alarms: what is muted, what was chosen, a row each. Any thread; pure."""

import json
from collections.abc import Mapping

from ... import alarms
from ...journal import Mute
from .. import alarm_words as words, format
from ..choices import AS_CHART, AlarmChoice, View
from ..data import ShownAlarm, Snapshot
from .alarms import answer, called, sign, title, untold, worst

NAMELESS = "anyone "
MOST_ROWS = 200


def listed(snapshot: Snapshot) -> str:
    """What is muted, live alarms, then those of the time that is listed; of the probes that are shown, and as
    they were chosen."""
    alarms, view = snapshot.alarms, snapshot.view
    found = [
        one for one in (*alarms.live, *alarms.closed) if not one.probes or any(map(view.shows, one.probes))
    ]
    mutes = "".join(_mute(one, snapshot) for one in alarms.mutes)
    if view.alarms != AlarmChoice():
        found = chosen(found, snapshot)
        mutes += _choice(len(found), snapshot)
    if not found:
        return mutes + _nothing(snapshot)
    rows = "".join(_row(one, snapshot) for one in found[:MOST_ROWS])
    left_out = max(len(found) - MOST_ROWS, 0) + alarms.left_out
    left = f'<p class="th-quiet">{format.safe(words.LEFT_OUT.format(left_out))}</p>' if left_out else ""
    return f'{mutes}<ul class="th-alarm-list">{rows}</ul>{left}'


def _nothing(snapshot: Snapshot) -> str:
    on = sum(rule.enabled for rule in snapshot.alarms.rules)
    told = (
        words.NONE_CHOSEN
        if snapshot.view.alarms != AlarmChoice()
        else words.NO_ALARMS.format(on)
        if on
        else words.NO_RULES
    )
    return f'<p class="th-quiet">{stressed(told)}</p>'


def chosen(found: list[ShownAlarm], snapshot: Snapshot) -> list[ShownAlarm]:
    """Those of them that are as the viewer chose."""
    choice = snapshot.view.alarms
    groups = {
        probe.id: str(probe.record.get("group") or "") for probe in (*snapshot.probes, *snapshot.folded)
    }
    sought = choice.text.strip().casefold()
    from_ms, to_ms = snapshot.view.alarms_window.ends(snapshot.now_ms)
    kept = [one for one in found if _is_like(one, choice, groups)]
    if choice.time:
        # Of those that go on as well: one that lasts is of any time since it began.
        kept = [one for one in kept if one.alarm.since_ms < to_ms and not 0 < one.alarm.cleared_ms < from_ms]
    return [one for one in kept if sought in text_of(one, snapshot.view).casefold()] if sought else kept


def _is_like(one: ShownAlarm, choice: AlarmChoice, groups: Mapping[str, str]) -> bool:
    return (
        (not choice.state or alarms.fits(one.alarm, choice.state))
        and choice.severity in ("", one.alarm.severity)
        and (not choice.probe or choice.probe in one.probes)
        and (not choice.group or any(groups.get(probe) == choice.group for probe in one.probes))
    )


def text_of(one: ShownAlarm, view: View) -> str:
    """What is searched: what is the matter where, the rule's name, and what people said and did."""
    # As people type it: without signs that keep a line together.
    told = title(one, view).replace("\u00a0", " ").replace("\u2011", "-")
    return alarms.text_of(one.alarm, told)


def _choice(count: int, snapshot: Snapshot) -> str:
    """What was chosen, in words, with the button that shows all again."""
    told, number = choice_told(snapshot), format.counted(words.CHOSEN_COUNT, count)
    do = format.safe(json.dumps({"all_alarms": True}))
    button = (
        f'<button type="button" class="th-button th-scripted" data-do="{do}'
        f'">{format.safe(words.FILTER_ALL)}</button>'
    )
    return (
        '<p class="th-mute th-alarm-chosen"><span '
        f'role="status">{format.safe(words.CHOSEN.format(told, number))}</span>{button}</p>'
    )


def choice_told(snapshot: Snapshot) -> str:
    """What was chosen: `Alarm, goes on, Kitchen, last 7 days`."""
    choice, view = snapshot.view.alarms, snapshot.view
    names = {probe.id: probe.name for probe in (*snapshot.probes, *snapshot.folded)}
    time = ""
    if choice.time == AS_CHART:
        time = view.between(*view.alarms_window.ends(snapshot.now_ms), snapshot.now_ms, to_second=False)
    elif choice.time:
        time = view._replace(window=view.alarms_window).told(snapshot.now_ms)
    parts = (
        words.FILTER_SEVERITY[choice.severity] if choice.severity else "",
        words.FILTER_STATE[choice.state] if choice.state else "",
        names.get(choice.probe, choice.probe),
        choice.group,
        time,
        words.CHOSEN_TEXT.format(choice.text.strip()) if choice.text.strip() else "",
    )
    return ", ".join(filter(None, parts))


def stressed(text: str) -> str:
    """Text as HTML, with what stands between asterisks stressed."""
    parts = format.safe(text).split("*")
    return "".join(f"<b>{part}</b>" if place % 2 else part for place, part in enumerate(parts))


def _row(one: ShownAlarm, snapshot: Snapshot) -> str:
    alarm, view, now_ms = one.alarm, snapshot.view, snapshot.now_ms
    kind, back_ms = "over" if one.over else alarm.severity, alarm.all_back_ms
    back = ("back" if alarm.cause == "silent" else "well_again") if back_ms else alarm.state
    state = words.STATES["past" if alarm.past else "closed" if alarm.closed_ms else back]
    facts = [words.SINCE.format(view.at(alarm.since_ms, now_ms, to_second=False))]
    if over_ms := alarm.cleared_ms or back_ms:
        facts.append(words.FOR.format(format.span(over_ms - alarm.since_ms)))
    if alarm.worst_c is not None:
        facts.append(worst(one, snapshot))
    if one.muted_ms:
        facts.append(words.MUTED.format(view.at(one.muted_ms, now_ms, to_second=False)))
    if one.untold:
        facts.append(untold(one))
    return (
        f'<li class="th-alarm-row th-alarm-{kind}{"" if alarm.live else " th-alarm-done"}">{sign(kind)}<div '
        'class="th-alarm-told"><p><b>'
        f"{format.safe(called(one, view))}</b> "
        f'<span class="th-level">{format.safe(state)}</span></p>'
        f'<p class="th-quiet">{format.safe(" · ".join(facts))}</p>'
        f"{_people(one, view, now_ms)}</div>{answer(one) if alarm.live else ''}</li>"
    )


def _people(one: ShownAlarm, view: View, now_ms: int) -> str:
    """What people said and did."""
    alarm, told = one.alarm, []
    if alarm.acked_ms:
        at = view.at(alarm.acked_ms, now_ms, to_second=False)
        # Without a name the hub keeps what was shown, nothing, and from where.
        form = words.ACKNOWLEDGED_FROM if alarm.acked_by.startswith(NAMELESS) else words.ACKNOWLEDGED
        told.append(form.format(alarm.acked_by.removeprefix(NAMELESS), at))
    told += [
        form.format(text)
        for form, text in ((words.COMMENT, alarm.comment), (words.ACTION, alarm.action))
        if text
    ]
    return f'<p class="th-alarm-people">{format.safe(" · ".join(told))}</p>' if told else ""


def _mute(mute: Mute, snapshot: Snapshot) -> str:
    """What is muted, with the button that ends it."""
    view = snapshot.view
    probe = snapshot.by_id.get(mute.probe_id)
    name = probe.name if probe is not None else mute.probe_id
    what = name or mute.group or words.MUTE_ALL
    kind = words.MUTE_KINDS[mute.kind].format(view.at(mute.until_ms, snapshot.now_ms, to_second=False))
    note = f" · {words.COMMENT.format(mute.note)}" if mute.note else ""
    do = format.safe(json.dumps({"unmute": mute.no}))
    button = (
        f'<button type="button" class="th-button th-scripted" data-do="{do}">{format.safe(words.UNMUTE)}'
        "</button>"
    )
    return (
        f'<p class="th-mute"><span>{format.safe(words.MUTE_LINE.format(what, kind, mute.by) + note)}'
        f"</span>{button}</p>"
    )
