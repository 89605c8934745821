"""HTML of alarms: the banner, what a card says of its own, the list. Any thread; pure."""

import json
from typing import Any

from ...core import MINUTE_MS
from .. import alarm_words as words, format, words as page_words
from ..choices import View
from ..data import Probe, ShownAlarm, Snapshot

MOST_ROWS = 3
# The hub's part that tells alarms.
TELLS = "alarm messages"
# A warning is another shape than an alarm, not only another colour.
SIGNS = {
    "critical": '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/>'
    '<path d="M8 4v5M8 10.7v1.3" stroke="var(--th-sign, #fff)" stroke-width="1.8" stroke-linecap="round"/>',
    "warning": '<path d="M8 1.5 15 14H1z" fill="currentColor"/>'
    '<path d="M8 6v4M8 11.4v1" stroke="var(--th-sign, #fff)" stroke-width="1.6" stroke-linecap="round"/>',
    "over": '<path d="M2.5 8.5 6.5 12.5 13.5 4" fill="none" stroke="currentColor"'
    ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>',
}


def sign(name: str) -> str:
    """The sign of a severity, or of what is over."""
    return f'<svg class="th-shape" viewBox="0 0 16 16" aria-hidden="true">{SIGNS[name]}</svg>'


def degrees(celsius: float, view: View, *, difference: bool = False) -> str:
    """`8 °C`, `7.5 °C`, `−18 °C`: as people say a limit."""
    value = round(view.of_difference(celsius) if difference else view.of(celsius), 1)
    return format.signed(f"{value:g}") + f"\u00a0{view.degree}"


def matter(one: ShownAlarm, view: View) -> str:
    """What is the matter, without where: `above 8 °C`."""
    alarm, rule = one.alarm, one.alarm.body.get("rule", {})
    # What is closed is history, and was in any case.
    was = one.over and alarm.live
    if alarm.cause in words.ABOVE_BELOW and alarm.limit_c is not None:
        passed = words.ABOVE_BELOW[alarm.cause].format(degrees(alarm.limit_c, view))
        return str(page_words.WAS.format(passed)) if was else str(passed)
    if alarm.cause in words.ROSE_FELL:
        moved = degrees(float(rule.get("change_c") or 0), view, difference=True)
        return words.ROSE_FELL[alarm.cause].format(
            moved, format.span(round(float(rule.get("within_min") or 0) * MINUTE_MS))
        )
    if alarm.cause == "silent" and one.over:
        return str(page_words.WAS.format(page_words.MATTERS["silent"]) if alarm.probe else words.WERE_SILENT)
    if alarm.cause == "silent" and not alarm.probe:
        return words.MANY_SILENT
    sick = (was and words.WAS_SICK.get(alarm.cause)) or words.SICK.get(alarm.cause, alarm.cause)
    return str(sick)


def title(one: ShownAlarm, view: View) -> str:
    """`Fridge above 8 °C`."""
    return f"{place(one)} {matter(one, view)}"


def called(one: ShownAlarm, view: View) -> str:
    """`Alarm: Fridge above 8 °C`."""
    return str(page_words.STATE_LINE.format(words.SEVERITIES[one.alarm.severity], title(one, view)))


def place(one: ShownAlarm) -> str:
    """Where it is, as people call it."""
    return str(words.THE_HUB) if one.alarm.own else one.place


def banner(snapshot: Snapshot) -> str:
    """What somebody has to look at, the most pressing first; empty text when there is nothing.

    What is read aloud holds no number that changes: a screen reader says an alert again whenever its words
    change.
    """
    waiting = [one for one in snapshot.alarms.live if one.waits]
    if not waiting:
        return ""
    rows = "".join(_banner_row(one, snapshot) for one in waiting[:MOST_ROWS])
    more = len(waiting) - MOST_ROWS
    link = (
        f'<p class="th-alarm-more"><a href="#th-alarms">{format.safe(words.MORE.format(more))}</a></p>'
        if more > 0
        else ""
    )
    return f'<section class="th-alarm-banner" aria-label="{format.safe(words.BANNER)}">{rows}{link}</section>'


def _banner_row(one: ShownAlarm, snapshot: Snapshot) -> str:
    view, now_ms, alarm = snapshot.view, snapshot.now_ms, one.alarm
    quiet = bool(one.muted_ms) or one.over
    kind = "over" if one.over else alarm.severity
    role = "status" if quiet else "alert"
    kind_of = page_words.STATE_LINE.format(words.SEVERITIES[alarm.severity], "").rstrip(" ")
    told = (
        f'<p class="th-problem" role="{role}"><b>{format.safe(kind_of)}</b> '
        f"{format.safe(title(one, view))}</p>"
    )
    button, failed = answer(one), f" · {format.safe(untold(one))}" if one.untold else ""
    return (
        f'<div class="th-alarm th-alarm-{kind}{" th-alarm-quiet" if quiet else ""}" '
        f'data-alarm-row="{alarm.no}">{sign(kind)}'
        f'<div class="th-alarm-told">{told}<p class="th-alarm-since">{_course(one, snapshot)}'
        f"{_muted(one, view, now_ms)}{failed}</p></div>{button}</div>"
    )


def answer(one: ShownAlarm, **more: Any) -> str:
    """The button that opens the form, of the page's script."""
    do = format.safe(json.dumps({"alarm": one.alarm.no, **more}))
    label = words.ANSWER if not one.alarm.acked_ms else words.ANSWER_ACTION
    told = page_words.STATE_LINE.format(label, place(one))
    marks = f'class="th-button th-answer th-scripted" data-do="{do}" aria-label="{format.safe(told)}"'
    return f'<button type="button" {marks}>{format.safe(label)}</button>'


def _course(one: ShownAlarm, snapshot: Snapshot) -> str:
    """How long, and how it is now or was."""
    view, now_ms, alarm = snapshot.view, snapshot.now_ms, one.alarm
    if alarm.cleared_ms:
        over = words.OVER.format(
            view.at(alarm.cleared_ms, now_ms, to_second=False), format.span(alarm.cleared_ms - alarm.since_ms)
        )
        why = words.NOTHING_ACKNOWLEDGED if not alarm.acked_ms else words.NO_ACTION
        farthest = f" ({worst(one, snapshot)})" if alarm.worst_c is not None else ""
        return format.safe(f"{over}{farthest}; {why}")
    if back_ms := alarm.all_back_ms:
        back = (words.BACK if alarm.cause == "silent" else words.WELL_AGAIN).format(
            view.at(back_ms, now_ms, to_second=False), format.span(back_ms - alarm.since_ms)
        )
        return format.safe(back if alarm.acked_ms else f"{back}; {words.NOTHING_ACKNOWLEDGED}")
    return f"{lasting(one, now_ms)}{_now(one, snapshot)}{_worst_now(one, snapshot)}"


def lasting(one: ShownAlarm, now_ms: int) -> str:
    """For how long, counted on by the page's script."""
    span = f'<span data-lasting="{one.alarm.since_ms}">{format.span(now_ms - one.alarm.since_ms)}</span>'
    return words.LASTING.format(span)


def _now(one: ShownAlarm, snapshot: Snapshot) -> str:
    """The present value of the one probe it is about; kept up by the page's script from the probe's card."""
    probe = _probe(one, snapshot)
    if probe is None or probe.good is None or one.alarm.limit_c is None:
        return ""
    number = (
        f'<span data-now-of="{format.safe(probe.id)}">{snapshot.view.degrees(probe.good.celsius)}'
        f"</span> {snapshot.view.degree}"
    )
    return words.NOW.format(number)


def _worst_now(one: ShownAlarm, snapshot: Snapshot) -> str:
    """The worst so far of what goes on; kept up by the page's script."""
    told = worst_so_far(one, snapshot.view)
    return (
        words.WORST_NOW.format(f'<span data-worst-of="{one.alarm.no}">{format.safe(told)}</span>')
        if told
        else ""
    )


def worst_so_far(one: ShownAlarm, view: View) -> str:
    """`11.20 °C`; empty where it is no matter of a temperature."""
    alarm = one.alarm
    return (
        f"{view.degrees(alarm.worst_c)} {view.degree}"
        if alarm.worst_c is not None and alarm.limit_c is not None
        else ""
    )


def _probe(one: ShownAlarm, snapshot: Snapshot) -> Probe | None:
    id_ = one.probes[0] if len(one.probes) == 1 else ""
    return snapshot.by_id.get(id_)


def worst(one: ShownAlarm, snapshot: Snapshot) -> str:
    """`worst 11.20 °C at 14:05`."""
    view, alarm = snapshot.view, one.alarm
    value = f"{view.degrees(alarm.worst_c)} {view.degree}"
    return words.WORST.format(value, view.at(alarm.worst_ms, snapshot.now_ms, to_second=False)).strip()


def untold(one: ShownAlarm) -> str:
    """That it could not be told; empty where it could."""
    return words.UNTOLD.format(", ".join(one.untold)) if one.untold else ""


def _muted(one: ShownAlarm, view: View, now_ms: int) -> str:
    return (
        f" · {format.safe(words.MUTED.format(view.at(one.muted_ms, now_ms, to_second=False)))}"
        if one.muted_ms
        else ""
    )


def cannot_be_told(snapshot: Snapshot) -> bool:
    """Whether alarms wait that could not be told; the head of the page says why."""
    workers = snapshot.health.get("workers") or []
    return any(worker.get("name") == TELLS and worker.get("problem") for worker in workers)


def facts(snapshot: Snapshot) -> dict[str, Any]:
    """What the page's script has to know: the worst for title and sign, what is new for the sound, its
    words."""
    waiting = [one for one in snapshot.alarms.live if one.waits]
    loud = [one for one in waiting if one.active and not one.alarm.acked_ms and not one.muted_ms]
    told = [[one.alarm.no, title(one, snapshot.view)] for one in loud[:20]]
    severities = [one.alarm.severity for one in loud if not one.over]
    if cannot_be_told(snapshot):
        # Whoever relies on a message has to learn that none comes.
        told, severities = [*told, [0, words.CANNOT_BE_TOLD]], [*severities, "warning"]
    return {
        "title": told[0][1] if told else "",
        "worst": severities[0] if severities else "",
        "count": len(severities),
        "loud": told,
        "worsts": {
            one.alarm.no: worst_so_far(one, snapshot.view) for one in waiting[:MOST_ROWS] if one.active
        },
        "spans": words.SPANS,
    }


def heading(view: View) -> str:
    """The list's heading, with what the page's script may be asked for."""
    buttons = "".join(
        f'<button type="button" class="th-button th-scripted" data-alarm-set="{name}" aria-pressed="false" '
        f'title="{format.safe(meaning)}">'
        f"{format.safe(label)}</button>"
        for name, label, meaning in (
            ("sound", words.SOUND, words.SOUND_MEANING),
            ("notify", words.NOTIFY, words.NOTIFY_MEANING),
        )
    )
    note = "" if view.alarms.time else words.ALARMS_NOTE
    return (
        f'<div class="th-alarm-head" id="th-alarms"><h2>{format.safe(words.ALARMS)}<span class="th-quiet"> '
        f"{format.safe(note)}</span></h2>"
        f'<span class="th-buttons">{buttons}</span></div>'
    )


def form_title(one: ShownAlarm, snapshot: Snapshot) -> str:
    """What the form is about."""
    alarm, view, now_ms = one.alarm, snapshot.view, snapshot.now_ms
    since = words.SINCE.format(view.at(alarm.since_ms, now_ms, to_second=False))
    farthest = f", {worst(one, snapshot)}" if alarm.worst_c is not None else ""
    needed = alarm.body.get("rule", {}).get("require_action") and not alarm.action
    more = f'<p class="th-quiet">{format.safe(words.ACT_NEEDED)}</p>' if needed else ""
    return (
        f'<h2>{format.safe(title(one, view))}<span class="th-quiet"> {format.safe(since + farthest)}'
        f"</span></h2>{more}"
    )
