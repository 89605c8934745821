"""All that a page shows of a probe. Any thread."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...alarms import states
from ...journal import Newest, StoredRule, Thermocouple
from .alarms import ShownAlarm
from .card_extras import Glance
from .series import NO_CURVE, NO_TIMES, Curve, Times
from .statistics import Statistics
from .window_cache import Measured


class Good(NamedTuple):
    """A reading that is a temperature."""

    taken_ms: int
    celsius: float


# How a board stands that another hub has.
ELSEWHERE = ("foreign", "elsewhere")


class Probe(NamedTuple):
    """All that the page shows of a probe. record: see journal.reader.PROBE_FIELDS, and "trust", how it and
    the hub stand to each other.

    colour: its place in the palette;
    quality: why its newest reading is no temperature, None when it is one; good: its newest temperature.
    """

    id: str
    name: str
    record: dict[str, Any]
    colour: int
    state: states.Heard
    newest: Newest | None
    good: Good | None
    quality: str | None
    catching_up: bool
    # What follows is read for a probe that somebody looks at: see looks.py.
    statistics: Statistics = Statistics()
    curve: Curve = NO_CURVE
    curve_key: object = None
    glance: Glance = Glance()
    faults: Times = NO_TIMES
    late: Times = NO_TIMES
    measured: Measured | None = None
    # The probe that a person could take it for, as lists show it; empty for none.
    looks_like: str = ""
    # From when to when its numbers are corrected for a type of thermocouple.
    stated: tuple[Thermocouple, ...] = ()
    # Alarms that go on, the most pressing first.
    alarms: tuple[ShownAlarm, ...] = ()
    # The rules that watch it.
    rules: tuple[StoredRule, ...] = ()
    # The worst that is the matter with it.
    standing: states.Standing = states.Standing()

    @property
    def wrong(self) -> bool:
        """Whether somebody has to look at it."""
        return self.standing.wrong

    @property
    def hidden(self) -> bool:
        """True for one that somebody put away: it is in the list, and nowhere else."""
        return bool(self.record.get("hidden"))

    @property
    def elsewhere(self) -> bool:
        """True for one that another hub has, so that nothing of it comes here."""
        return is_elsewhere(self)


def is_elsewhere(probe: Probe) -> bool:
    """The same, asked of thousands."""
    return probe.record.get("trust") in ELSEWHERE and probe.state not in ("online", "late", "fault")


class Site(NamedTuple):
    """A probe of a place in the last 30 days. beyond_s: how long it was beyond the limits that held then,
    None where there were none; measured_s: how long it was measured; upper_c, lower_c: its limits now."""

    site: str
    id: str
    name: str
    beyond_s: float | None
    measured_s: float
    high: float | None
    low: float | None
    upper_c: float | None
    lower_c: float | None


# Eight colours, each with four dashes: so many lines can be told apart.
LOOKS_OF_LINES = 32


def told_apart(colours: Mapping[str, int]) -> dict[str, int]:
    """The palette's places of lines that are drawn together: each as it is, but where another one looks the
    same already the next that is free, as long as there is one."""
    found: dict[int, str] = {}
    alike = []
    for id_, colour in sorted(colours.items(), key=lambda one: one[1]):
        if found.setdefault(colour % LOOKS_OF_LINES, id_) != id_:
            alike.append((id_, colour))
    told = dict(colours)
    for id_, colour in alike:
        free = (colour + step for step in range(1, LOOKS_OF_LINES))
        told[id_] = next((one for one in free if one % LOOKS_OF_LINES not in found), colour)
        found[told[id_] % LOOKS_OF_LINES] = id_
    return told
