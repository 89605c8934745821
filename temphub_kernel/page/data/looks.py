"""What a page looks at: the probes that it draws one by one, and their groups. All others are counted, judged
and found by a search; nothing else of them is read or sent. Any thread; pure."""

from collections.abc import Iterable, Sequence
from itertools import filterfalse, islice
from typing import NamedTuple

from ...core import natural
from .alarms import WELL
from .met import UNPLACED
from .probe import Probe, is_elsewhere

# So many probes have a card each; more have a row.
MOST_CARDS = 8
# More lines are told apart by nobody: of more probes the first have one each, until some are chosen.
MOST_LINES = 20
# Groups are open, one after the other, until so many probes are seen; the others are folded. Of one that is
# open so many are seen, and so many more each time that somebody asks for them.
MOST_OPEN, MORE_OPEN = 40, 200
# So many groups have a line each, and as many more each time that somebody asks for them.
MOST_GROUPS = 20
# Of probes with a row each those that are wrong stand first: so many, the worst first.
MOST_FIRST = 20
# Three rows of the most cards beside each other: smaller ones are read by nobody who passes.
MOST_ON_WALL = 24
# Keys of groups that nobody named: of the probes without one, of those that another hub has, of those that
# are wrong; and what is asked for to see more groups.
NONE, ELSEWHERE, FIRST, GROUPS = "~", "~hub", "~first", "~groups"


class Look(NamedTuple):
    """What a page looks at. chosen: probes, none means all; kiosk: a wall screen; piece: a part of a page,
    made for the chosen ones; turned: keys of groups that a viewer opened or folded; more: keys of those of
    which he wants to see more, once for each time; sought: what he looks for, in a name, id, group or note,
    or in what a state is called; called: (state, what it is called) in his language."""

    chosen: tuple[str, ...] = ()
    kiosk: bool = False
    piece: bool = False
    turned: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    sought: str = ""
    called: tuple[tuple[str, str], ...] = ()


class Group(NamedTuple):
    """Probes that stand together. probes: all of them; seen: those that are drawn; left_out: how many more of
    them can be shown here."""

    key: str
    probes: list[Probe]
    seen: list[Probe]
    open: bool
    left_out: int = 0

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self.probes)


class Grouped(NamedTuple):
    """groups: those with a line; left_out: how many more there are; found: how many probes are in all of
    them."""

    groups: list[Group]
    left_out: int
    found: int


def grouped(probes: Sequence[Probe], look: Look, bad: list[Probe] | None = None) -> Grouped:
    """The probes by group, in their order: before them what is wrong where they have a row each, which nobody
    overlooks; those of another hub last, and folded. bad: what is wrong, where that is known."""
    sought = look.sought.casefold().split()
    called = dict(look.called) if sought else {}
    gathered: dict[str, list[Probe]] = {}
    foreign: list[Probe] = []
    last: object = None
    members: list[Probe] = []
    for probe in filter(lambda one: _is_sought(one, sought, called), probes) if sought else probes:
        if is_elsewhere(probe):
            foreign.append(probe)
            continue
        # Those of a group stand together as a rule.
        if (group := probe.record.get("group")) != last or not members:
            last, members = group, gathered.setdefault(str(group or NONE), [])
        members.append(probe)
    if foreign:
        gathered[ELSEWHERE] = foreign
    apart = not sought and len(probes) > MOST_CARDS
    first = _first(troubled(probes) if bad is None else bad, look) if apart else []
    return _opened(gathered, first, look)


def _first(bad: list[Probe], look: Look) -> list[Group]:
    """What is wrong, the worst first, as a group of its own; none where all is well."""
    if not bad:
        return []
    opened = FIRST not in look.turned
    seen = bad[: _most(FIRST, look, MOST_FIRST)] if opened else []
    return [Group(FIRST, bad, seen, opened, len(bad) - len(seen))]


def _opened(gathered: dict[str, list[Probe]], first: list[Group], look: Look) -> Grouped:
    found, left = list(first), MOST_OPEN
    # Each has one place.
    apart = {probe.id for group in first for probe in group.seen}
    most_groups = MOST_GROUPS * (1 + look.more.count(GROUPS))
    for key, members in list(gathered.items())[:most_groups]:
        usual = key != ELSEWHERE and left > 0
        # Of what was found no more are seen than of all.
        room = max(left, 0) if look.sought else MOST_OPEN
        left -= len(members)
        opened = bool(look.sought) or usual != (key in look.turned)
        there = [probe for probe in members if probe.id not in apart] if opened else []
        seen = there[: _most(key, look, room)]
        if opened and not there:
            # All of it stands first.
            continue
        found.append(Group(key, members, seen, opened, len(there) - len(seen)))
    return Grouped(found, max(len(gathered) - most_groups, 0), sum(map(len, gathered.values())))


def _most(key: str, look: Look, usual: int) -> int:
    return usual + MORE_OPEN * look.more.count(key)


def _is_sought(probe: Probe, sought: list[str], called: dict[str, str]) -> bool:
    record = probe.record
    told = (probe.name, probe.id, record.get("group"), record.get("note"), called.get(probe.standing.state))
    text = " ".join(str(one or "") for one in told).casefold()
    return all(word in text for word in sought)


def not_hidden(probes: Iterable[Probe]) -> list[Probe]:
    """Those that nobody put away."""
    return [one for one in probes if not one.record.get("hidden")]


def troubled(probes: Iterable[Probe]) -> list[Probe]:
    """Those that somebody has to look at, the worst first."""
    bad = [one for one in probes if one.standing is not WELL and one.wrong]
    return sorted(
        (one for one in bad if not (one.hidden or is_elsewhere(one))), key=lambda one: one.standing.rank
    )


def worst_first(probes: Iterable[Probe]) -> list[Probe]:
    """Those with a card on a wall screen: what is wrong first, and no more than can be read from afar."""
    # A wall shows no groups, so that their order would be none that anybody sees.
    return sorted(probes, key=lambda one: (one.standing.place, _on_wall(one)))[:MOST_ON_WALL]


def _on_wall(probe: Probe) -> tuple[int, tuple[str | int, ...]]:
    return int(probe.record.get("place") or UNPLACED), natural(probe.name)


class Sight(NamedTuple):
    """The ids that a page needs more of. lines: those with a line in the chart; seen: those with a row."""

    lines: list[str]
    seen: list[str]


def sight(look: Look, probes: Sequence[Probe], folded: Sequence[Probe]) -> Sight:
    """Which of all probes a page draws."""
    listed, bad, chosen = not_hidden(probes), troubled(probes), set(look.chosen)
    shown = not_hidden(one for one in (*listed, *folded) if one.id in chosen) if chosen else listed
    lines = shown if chosen else list(islice(filterfalse(is_elsewhere, listed), MOST_LINES))
    if look.kiosk:
        seen = worst_first(one for one in shown if not is_elsewhere(one) and one.state != "new")
    else:
        told = grouped(shown, look) if look.piece else grouped(listed, look, bad)
        seen = [probe for group in told.groups for probe in group.seen]
    # Of the worst of all the head says where it is going.
    seen += bad[:1]
    return Sight([one.id for one in lines], [one.id for one in seen])
