"""Many probes: a row each, in groups that fold. Any thread; pure."""

import json
from functools import partial
from typing import Any

from .. import format, words
from ..choices import View
from ..data import ELSEWHERE, FIRST, GROUPS, NONE, Group, Grouped, Probe, Snapshot, troubled
from . import cards, states


def title(group: Group) -> str:
    """What a group is called."""
    if group.key == ELSEWHERE:
        return format.counted(words.ELSEWHERE, group.size)
    return {NONE: words.NO_GROUP, FIRST: words.WRONG_FIRST}.get(group.key, group.key)


def heading(group: Group, *, plain: bool = False) -> str:
    """The group's name, how many it has, and what is wrong there: a button that folds it. plain: without the
    page's script, which would press it."""
    foreign = group.key == ELSEWHERE
    count = format.counted(words.GROUP_COUNT, group.size)
    quiet = ", ".join(probe.name for probe in group.probes[:5]) if foreign else count
    told = (
        f'<span class="th-name">{format.safe(title(group))}</span>'
        f'<span class="th-quiet{"" if foreign else " th-size"}"> {format.safe(quiet)}</span>'
    )
    if not plain:
        told = (
            f'<button type="button" class="th-fold" data-do="{_do(fold=group.key)}" '
            f'aria-expanded="{str(group.open).lower()}">{CARET}{told}</button>'
        )
    wrong = "" if group.open or foreign else states.tally(troubled(group.probes))
    return f'<h2 class="th-fold-head">{told}{wrong}</h2>'


CARET = (
    '<svg class="th-caret" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="2" '
    'aria-hidden="true"><path d="M5.5 3l5 5-5 5"/></svg>'
)


def section(
    group: Group,
    snapshot: Snapshot,
    opened: str = "",
    part: int = 0,
    *,
    headed: bool = True,
    plain: bool = False,
) -> str:
    """A group with its rows. opened: the probe whose own place is open, which follows its row; part: 0 for
    what stands up to there, 1 for the rest; plain: see heading."""
    places = [probe.id for probe in group.seen]
    cut = places.index(opened) + 1 if opened in places else len(places)
    some = group.seen[cut:] if part else group.seen[:cut]
    view, now_ms = snapshot.view, snapshot.now_ms
    apart = group.key == FIRST
    rows = "".join(
        snapshot.once(
            ("line", probe.id, probe.id == opened, apart),
            partial(row, probe, view, now_ms, opened=probe.id == opened, apart=apart),
        )
        for probe in some
    )
    listed = f'<ul class="th-lines">{rows}</ul>' if rows else ""
    head = heading(group, plain=plain) if headed and not part else ""
    more = ""
    if not plain and group.open and group.left_out and (part or cut == len(places)):
        more = show_more(group.key, group.left_out)
    return f"{head}{listed}{more}"


def show_more(key: str, left_out: int) -> str:
    """The button that shows more of a group, or more groups, where some are left out."""
    told = format.safe(words.SHOW_MORE.format(format.count(left_out)))
    return f'<button type="button" class="th-button th-scripted" data-do="{_do(whole=key)}">{told}</button>'


def more_groups(told: Grouped, *, plain: bool = False) -> str:
    """The same of groups; empty where all are there. plain: see heading."""
    return show_more(GROUPS, told.left_out) if told.left_out and not plain else ""


def row(probe: Probe, view: View, now_ms: int, *, opened: bool = False, apart: bool = False) -> str:
    """A probe in one line: its name, value and state, what is wrong beneath. apart: not among its group,
    which is named."""
    state, good = probe.standing.state, probe.good
    # That all is well is seen from the shape; what is wrong is said beneath.
    bad = states.on_card(probe, view, now_ms)
    seen = "th-hidden" if bad or state == "fine" else "th-word"
    word = f'<span class="{seen}">{format.safe(states.word(probe))}</span>'
    when = f" {cards.age(probe.newest.taken_ms, view, now_ms)}" if probe.newest else ""
    low, high = (view.degrees(value) for value in (probe.glance.low, probe.glance.high))
    today = f'<span class="th-today th-quiet" title="{format.safe(words.TODAY)}">{low} … {high}</span>'
    group = str(probe.record.get("group") or "") if apart else ""
    told = [group, cards.quality_text(probe.quality) if probe.quality is not None else ""]
    why = format.safe(" · ".join(filter(None, told)))
    why = f'<p class="th-why th-quiet">{why}</p>' if why else ""
    number = view.degrees(good.celsius if good else None)
    return (
        f'<li class="th-line th-is-{probe.state}{cards.stale(probe)}{states.level(probe)}" '
        f'data-probe="{format.safe(probe.id)}">'
        f"{cards.swatch(probe.colour)}{cards.named(probe, opened=opened)}{cards.badge(probe)}{today}"
        f'<span class="th-value"><span class="th-number">{number}</span>'
        f'<span class="th-unit">{view.degree}</span></span>'
        f'<span class="th-state">{states.shape(state)}{word}<span class="th-quiet">{when}</span></span>'
        f"{cards.alone(probe, view)}{bad}{cards.looks_like(probe)}{why}"
        f"{cards.trust_button(probe)}</li>"
    )


def found(told: Grouped, sought: str, known: int) -> str:
    """How many are found of those known, for who searches; empty when nobody does."""
    if not sought:
        return ""
    said = words.FOUND.format(format.count(told.found), format.count(known))
    return f'<p class="th-quiet" role="status">{format.safe(said)}</p>'


def _do(**what: Any) -> str:
    return format.safe(json.dumps(what))
