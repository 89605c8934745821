"""HTML around the chart, and where its ticks stand. Any thread; pure."""

import json
import math
from datetime import date, datetime, timedelta, tzinfo
from urllib.parse import quote, urlencode

from ...core import DAY_MS, MINUTE_MS
from .. import format, words
from ..choices import View, Window, query
from ..data import MOST_LINES, Probe, Snapshot
from . import cards

MIN_SPAN_C = 1.0
# Room above and below, so that a line never runs along the edge.
MARGIN = 0.06
ABOUT_TICKS = 5
MOST_TIMES = 7.5
MOST_TIMES_NARROW = 5
# Windows up to this long have seconds on their axis.
SECONDS_MS = 150_000
CLOCK_STEPS_S = (2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200)
DAY_STEPS = (1, 2, 3, 5, 7, 14)
MONTH_STEPS = (1, 2, 3, 6, 12)


def value_axis(
    low: float | None,
    high: float | None,
    usual: tuple[float, float] = (15.0, 25.0),
    about_ticks: int = ABOUT_TICKS,
) -> tuple[float, float, list[float]]:
    """(lowest, highest, ticks) of a axis that holds `low` to `high`.

    Ticks stand at whole steps of 1, 2 or 5; the ends at fifths of a step, so that the axis seldom moves.
    """
    if low is None or high is None:
        low, high = usual
    spread = max(high - low, MIN_SPAN_C)
    centre = (low + high) / 2
    low, high = (
        min(low, centre - spread / 2) - MARGIN * spread,
        max(high, centre + spread / 2) + MARGIN * spread,
    )
    step = _nice((high - low) / about_ticks)
    fifth, digits = step / 5, max(0, -math.floor(math.log10(step)))
    first, last = math.floor(low / fifth), math.ceil(high / fifth)
    ticks = [round(place * step, digits) for place in range(-(first // -5), last // 5 + 1)]
    return round(first * fifth, digits + 1), round(last * fifth, digits + 1), ticks


def time_axis(from_ms: int, end_ms: int, view: View) -> list[tuple[int, str]]:
    """(moment, label) of the ticks: whole seconds to years of the viewer's clock; a midnight carries its
    date."""
    # `12:05:30` is wider than `12:05`, and `12:05 pm` as well.
    narrow = MOST_TIMES_NARROW - view.am_pm - (end_ms - from_ms <= SECONDS_MS)
    rough_ms = (end_ms - from_ms) / (narrow if view.narrow else MOST_TIMES)
    step_s = next((step for step in CLOCK_STEPS_S if step * 1000 >= rough_ms), 0)
    if step_s:
        return _on_the_clock(from_ms, end_ms, step_s * 1000, view)
    days = rough_ms / DAY_MS
    for step in DAY_STEPS:
        if step >= days:
            return [(ms, _date(ms, view)) for ms in _days(from_ms, end_ms, step, view.where)]
    months = next((step for step in MONTH_STEPS if step * 30.4 >= days), MONTH_STEPS[-1])
    return [(ms, _month(ms, view)) for ms in _months(from_ms, end_ms, months, view.where)]


def _on_the_clock(from_ms: int, end_ms: int, step_ms: int, view: View) -> list[tuple[int, str]]:
    """Whole steps of the viewer's clock on both sides of a change of the clocks, which there is one of at
    most; what comes twice, twice."""
    found = []
    for offset_ms in {_offset_ms(ms, view.where) for ms in (from_ms, end_ms)}:
        first = -((from_ms + offset_ms) // -step_ms)
        moments = (place * step_ms - offset_ms for place in range(first, (end_ms + offset_ms) // step_ms + 1))
        found += [ms for ms in moments if _offset_ms(ms, view.where) == offset_ms]
    return [(ms, _time(ms, step_ms, view)) for ms in sorted(found)]


def _offset_ms(ms: int, where: tzinfo | None) -> int:
    return (format.local(ms, where).utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _time(ms: int, step_ms: int, view: View) -> str:
    moment = format.local(ms, view.where)
    if not (moment.hour or moment.minute or moment.second):
        return format.day(moment)
    told = format.time_of_day(moment, to_second=step_ms < MINUTE_MS, am_pm=view.am_pm)
    # A phone has no room for it; the readout says it there as well.
    return f"{told} {moment:%Z}" if not view.narrow and format.comes_twice(moment, view.where) else told


def _date(ms: int, view: View) -> str:
    return format.day(format.local(ms, view.where))


def _month(ms: int, view: View) -> str:
    moment = format.local(ms, view.where)
    return str(moment.year) if moment.month == 1 else words.MONTHS[moment.month - 1]


def _days(from_ms: int, end_ms: int, step: int, where: tzinfo | None) -> list[int]:
    """Midnights, `step` days apart, counted from a fixed day so that they stay where they are as time goes
    on."""
    day = format.local(from_ms, where).date()
    day += timedelta(days=-day.toordinal() % step)
    found = []
    while (ms := _midnight(day, where)) <= end_ms:
        found += [ms] if ms >= from_ms else []
        day += timedelta(days=step)
    return found


def _months(from_ms: int, end_ms: int, step: int, where: tzinfo | None) -> list[int]:
    begun = format.local(from_ms, where)
    place = (begun.year * 12 + begun.month - 1) // step * step
    found = []
    while (ms := _midnight(date(place // 12, place % 12 + 1, 1), where)) <= end_ms:
        found += [ms] if ms >= from_ms else []
        place += step
    return found


def _midnight(day: date, where: tzinfo | None) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=where).timestamp() * 1000)


def _nice(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.75)


def group_of(probe: Probe) -> str:
    """The group of a probe as its pane is called."""
    return str(probe.record.get("group") or words.NO_GROUP)


def legend(snapshot: Snapshot) -> str:
    """A button a probe: pressed when it is shown. The page's script does what `data-do` says; elsewhere it is
    a plain legend."""
    known = snapshot.ours
    probes = known if len(known) <= MOST_LINES else snapshot.charted
    chips = []
    for probe in probes:
        on = snapshot.view.shows(probe.id)
        do = format.safe(json.dumps({"probe": probe.id}))
        chips.append(
            f'<button type="button" class="th-chip" data-do="{do}" aria-pressed="{str(on).lower()}">'
            f"{cards.swatch(probe.colour)}{format.safe(probe.name)}</button>"
        )
    if snapshot.view.probes:
        do = format.safe(json.dumps({"all": True}))
        chips.append(
            f'<button type="button" class="th-chip th-scripted" data-do="{do}'
            f'">{format.safe(words.LEGEND_ALL)}</button>'
        )
    chips += _by_group(snapshot)
    if len(known) > MOST_LINES and not snapshot.view.probes:
        drawn, whole = len(probes), format.count(len(known))
        # On a wall and on paper there is nothing to press.
        screen = words.LEGEND_FEW if snapshot.view.kiosk else words.LEGEND_SOME
        for told, where in ((screen, "screen"), (words.LEGEND_FEW, "paper")):
            mark = format.safe(told.format(drawn, whole))
            chips.append(f'<span class="th-mark th-mark-on-{where}">{mark}</span>')
    marks = ((words.MARK_FAULT, "bad", "faults"), (words.MARK_LATE, "quiet", "late"))
    for told, colour, name in marks:
        if any(len(getattr(probe, name)) for probe in snapshot.looked_into):
            chips.append(
                f'<span class="th-mark"><i style="background:var(--th-{colour})"></i>{format.safe(told)}'
                "</span>"
            )
    return (
        f'<div class="th-legend" role="group" aria-label="{format.safe(words.LEGEND)}">{"".join(chips)}</div>'
    )


def _by_group(snapshot: Snapshot) -> list[str]:
    """A button that gives each group a pane of its own, where there are several groups; pressed, it takes
    that back."""
    by_group = snapshot.view.panes == "group"
    if snapshot.view.kiosk or (not by_group and len({group_of(probe) for probe in snapshot.charted}) < 2):
        return []
    do = format.safe(json.dumps({"panes": "range" if by_group else "group"}))
    return [
        f'<button type="button" class="th-chip th-scripted th-by-group" data-do="{do}" '
        f'aria-pressed="{str(by_group).lower()}">{format.safe(words.PANES_BY_GROUP)}</button>'
    ]


def measured(snapshot: Snapshot) -> str:
    """The marked range's statistics; empty when none is marked."""
    view = snapshot.view
    if view.measured is None:
        mouse, touch = format.safe(words.MEASURE_HINT), format.safe(words.MEASURE_HINT_TOUCH)
        return f'<p class="th-hint th-scripted"><span>{mouse}</span><span class="th-touch">{touch}</span></p>'
    told = view.between(*view.measured, snapshot.now_ms)
    do = format.safe(json.dumps({"range": None}))
    end = (
        f'<button type="button" class="th-link th-scripted" data-do="{do}">{format.safe(words.MEASURE_END)}'
        "</button>"
    )
    ends = cards.heading(words.MEASURED, told) + end + _strike_out(snapshot)
    return f'<section class="th-measured">{ends}{cards.measured(snapshot)}</section>'


def _strike_out(snapshot: Snapshot) -> str:
    """The button that has the marked range not count, with whose readings those are; nothing where there are
    none, or another hub has them."""
    names = ", ".join(probe.name for probe in snapshot.looked_into if probe.measured)
    if not names or snapshot.sites is not None:
        return ""
    do, meaning = (
        format.safe(json.dumps({"strike_out": True})),
        format.safe(words.STRIKE_MEANING.format(names)),
    )
    return (
        f' <button type="button" class="th-link th-scripted" data-do="{do}" title="{meaning}'
        f'">{format.safe(words.STRIKE_OUT)}</button>'
    )


def name_of(probe_id: str, snapshot: Snapshot) -> str:
    """What a probe is called; its id where it is not known."""
    probe = snapshot.by_id.get(probe_id)
    return probe.name if probe is not None else probe_id


def struck(snapshot: Snapshot, outcome: str) -> str:
    """What is struck out in this window, each with a way back."""
    rows = []
    for one in snapshot.struck:
        when = " – ".join(
            dict.fromkeys(snapshot.view.at(ms, snapshot.now_ms) for ms in (one.from_ms, one.to_ms))
        )
        whose = name_of(one.probe_id, snapshot)
        do, label = (
            format.safe(json.dumps({"undo": one.no})),
            format.safe(words.STRUCK_LINE.format(when, whose)),
        )
        told = f'data-do="{do}" aria-label="{format.safe(words.UNDO)}: {label}"'
        undo = f'<button type="button" class="th-link th-scripted" {told}>{format.safe(words.UNDO)}</button>'
        rows.append(
            f'<li><span class="th-quiet">{format.safe(when)}</span> '
            f"{format.safe(whose)}{f': {format.safe(one.note)}' if one.note else ''} {undo}</li>"
        )
    said = format.outcome(outcome, format.code)
    struck = format.safe(words.STRUCK)
    listed = (
        f'<p class="th-quiet">{struck}</p><ul class="th-notes" aria-label="{struck}">{"".join(rows)}</ul>'
    )
    return said + (listed if rows else "")


def links(snapshot: Snapshot) -> str:
    """What is on the chart, as files: the marked range if there is one, else the window; the probes shown. Of
    all places no hub has a file."""
    view = snapshot.view
    from_ms, to_ms = view.measured or view.window.ends(snapshot.now_ms)
    # A link that changed each second would be sent each second: whole minutes, the last one as well.
    if view.window.live and not view.measured:
        from_ms, to_ms = _whole_minutes(from_ms, to_ms)
    asked = {"from": from_ms, "to": to_ms} | _whose(snapshot)
    shown = []
    for format_, label in words.DOWNLOADS.items():
        shown.append(
            f'<a class="th-button" href="{format.safe(_file(format_, asked, view))}" '
            f"download>{format.safe(label)}</a>"
        )
    told = f'download title="{format.safe(words.REPORT_MEANING)}"'
    shown.append(
        f'<a class="th-button" href="{format.safe(_report(asked))}" {told}>{format.safe(words.REPORT)}</a>'
    )
    if snapshot.sites is not None:
        shown = []
    do = format.safe(json.dumps({"go": "table"}))
    shown += [
        f'<button type="button" class="th-button th-scripted" data-print '
        f'title="{format.safe(words.PRINT_MEANING)}">{format.safe(words.PRINT)}</button>',
        f'<a class="th-button th-scripted" href="#th-statistics" data-do="{do}" '
        f'title="{format.safe(words.TABLE_MEANING)}">{format.safe(words.TABLE)}</a>',
    ]
    return f'<span class="th-links" title="{format.safe(words.DOWNLOADS_MEANING)}">{"".join(shown)}</span>'


Asked = dict[str, object]


def _whose(snapshot: Snapshot) -> Asked:
    """The probes that are shown; nothing where all are."""
    return {"probe_id": [probe.id for probe in snapshot.shown]} if snapshot.view.probes else {}


def _file(format_: str, asked: Asked, view: View) -> str:
    """Where a file of readings is to be had."""
    return f"/api/export?{urlencode({'format': format_, **asked, **_limit(format_, view)}, doseq=True)}"


def _report(asked: Asked) -> str:
    """Where a report is to be had."""
    return f"/api/report?{urlencode(asked, doseq=True)}"


def _whole_minutes(from_ms: int, to_ms: int) -> tuple[int, int]:
    return from_ms // MINUTE_MS * MINUTE_MS, -(to_ms // -MINUTE_MS) * MINUTE_MS


def _limit(format_: str, view: View) -> dict[str, str]:
    """A workbook's overview tells of the page's limit as the page does."""
    return {"limit_high_c": f"{view.line_c:g}"} if format_ == "xlsx" and view.line_c is not None else {}


def send(snapshot: Snapshot, page: str) -> str:
    """What is shown (or marked), for somebody else: as a file, or as an address that shows the same. page:
    the page's own address."""
    view = snapshot.view
    from_ms, to_ms = view.measured or view.window.ends(snapshot.now_ms)
    from_ms, to_ms = _whole_minutes(from_ms, to_ms)
    whose = ", ".join(probe.name for probe in snapshot.shown) if view.probes else words.SEND_ALL
    # With both days and their year: a message outlives today.
    when = view.between(from_ms, to_ms, 0, to_second=False)
    told = [
        probe.measured.statistics if view.measured and probe.measured else probe.statistics
        for probe in snapshot.shown
    ]
    what = words.SEND_WHEN.format(whose, when)
    if len(snapshot.looked_into) == len(snapshot.shown):
        what = words.SEND_WHAT.format(whose, when, format.count(sum(one.n for one in told)))
    asked = {"from": from_ms, "to": to_ms} | _whose(snapshot)
    # An address for somebody else says from when to when: what follows the clock would show another week
    # tomorrow.
    still = view._replace(window=Window(to_ms - from_ms, to_ms), kiosk=False)
    address = f"{page.rstrip('/')}/?{query(still)}" if page else ""
    titled = f'data-title="{format.safe(words.MAIL_SUBJECT.format(whose))}"'
    parts = [
        f'<button type="button" class="th-primary th-share" data-send="share" data-text="{format.safe(what)}"'
        f' data-address="{format.safe(address)}" {titled}>{format.safe(words.SEND_SHARE)}</button>'
    ]
    parts += _by_address(address, whose, what) if page else []
    parts += _as_files(asked, snapshot, titled)
    how = f'<p class="th-quiet">{format.safe(words.SEND_HOW)}</p>'
    return f'<section class="th-send"><p>{format.safe(what)}</p><div>{"".join(parts)}</div>{how}</section>'


def _as_files(asked: Asked, snapshot: Snapshot, titled: str) -> list[str]:
    """Buttons that give what is asked for as a file: shared, or saved."""
    files = {format_: _file(format_, asked, snapshot.view) for format_ in words.DOWNLOADS}
    parts = [
        '<button type="button" class="th-button th-share-file" data-send="file" '
        f'data-file="{format.safe(files["csv"])}" {titled}>{format.safe(words.SEND_SHARE_FILE)}</button>'
    ]
    for format_, label in words.DOWNLOADS.items():
        parts.append(
            f'<a class="th-button" href="{format.safe(files[format_])}" '
            f"download>{format.safe(words.SEND_FILE.format(label))}</a>"
        )
    reports = {
        words.REPORT: _report(asked),
        words.REPORT_MONTH: _report({"for": "last-month"} | _whose(snapshot)),
    }
    return parts + [
        f'<a class="th-button" href="{format.safe(address)}" download>{format.safe(label)}</a>'
        for label, address in reports.items()
    ]


def notes(snapshot: Snapshot, outcome: str) -> str:
    """What was written to moments of this window, numbered as in the chart."""
    rows = []
    for place, note in enumerate(snapshot.annotations, 1):
        view, now_ms = snapshot.view, snapshot.now_ms
        lasting = note.to_ms > note.from_ms
        when = view.between(note.from_ms, note.to_ms, now_ms) if lasting else view.at(note.from_ms, now_ms)
        whom = f" {format.safe(name_of(note.probe_id, snapshot))}:" if note.probe_id else ""
        do, label = format.safe(json.dumps({"erase": note.no})), format.safe(words.NOTE_ERASE.format(place))
        erase = (
            f'<button type="button" class="th-link th-scripted" data-do="{do}" aria-label="{label}" '
            f'title="{label}">×</button>'
        )
        rows.append(
            f'<li value="{place}"><span class="th-quiet">{when}</span>{whom} {format.safe(note.text)} {erase}'
            "</li>"
        )
    told = format.outcome(outcome, format.code)
    return told + (
        f'<ol class="th-notes" aria-label="{format.safe(words.NOTES)}">{"".join(rows)}</ol>' if rows else ""
    )


def _by_address(address: str, whose: str, what: str) -> list[str]:
    """Buttons that give the address of what is shown to somebody: by a message, or copied."""
    said = {"subject": words.MAIL_SUBJECT.format(whose), "body": words.MAIL_BODY.format(what, address)}
    mail = format.safe(urlencode(said, quote_via=quote))
    return [
        '<button type="button" class="th-button th-scripted" data-send="copy" '
        f'data-address="{format.safe(address)}">'
        f"{format.safe(words.SEND_COPY)}</button>",
        f'<a class="th-button" href="mailto:?{mail}" target="_blank" '
        f'rel="noopener">{format.safe(words.SEND_MAIL)}</a>',
    ]
