"""What is sent beside readings, for a page that shows all places. The forwarder's thread.

What a hub's own page knows of its probes (names, pace, limits, what is the matter) is told every five
minutes, and at once when something changed; never of the past.

What each hour of a probe comes to: a month is then 720 points of it, wherever it is asked. An hour is sent
when it is over, and again when a late reading came. Nothing is overwritten: a point lies as many milliseconds
behind the beginning of its hour as it has readings, so of an hour the last point counts; and what counts
otherwise since a correction is another revision, of which the highest counts.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...alarms import standings, states
from ...core import HOUR_MS, MINUTE_MS, UNITS_PER_C, monotonic_s, now_ms
from ...engines import MEASUREMENT
from ...journal import Columns, Figures, Limit, Newest, Reader
from .lines import NEEDED, tag_value

EVERY_S = 300.0
Values = Mapping[str, "float | int | None"]


class Telling:
    """Of one hub."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._mark = ""
        self._told_s = float("-inf")

    def tell(self, reader: Reader, say: Callable[[str], object]) -> None:
        """Tell what is due. say(): sends lines. Raises TempHubError as that does."""
        found, at_ms = _told_of(reader, now_ms()), now_ms()
        mark = "\n".join(text for text, _ in found)
        if mark == self._mark and monotonic_s() - self._told_s < EVERY_S:
            return
        head = f"{MEASUREMENT},site={tag_value(self._site)}"
        if found:
            say("".join(f"{head}{text}{more} {at_ms}\n" for text, more in found))
        self._mark, self._told_s = mark, monotonic_s()


def _told_of(reader: Reader, at_ms: int) -> list[tuple[str, str]]:
    """(tags and fields whose change is told at once, fields that change all the time) of each line."""
    newest = {one.probe_id: one for one in reader.newest()}
    probes = [one for one in reader.probes() if one["id"] in newest and not one["hidden"]]
    refused = frozenset(map(str, reader.note("health")[1].get("refused_probes") or ()))
    judged, limits = standings(reader, probes, refused, at_ms, newest), _limits(reader, probes)
    found = []
    for one in probes:
        found += _of_probe(one, newest[one["id"]], judged[one["id"]], limits[one["id"]])
    return found


def _of_probe(
    one: Mapping[str, Any], newest: Newest, standing: states.Standing, limits: Sequence[Limit]
) -> list[tuple[str, str]]:
    tag = f",probe={tag_value(one['id'])}"
    name = str(one["alias"] or one["name"] or one["id"])
    group = f",group={tag_value(str(one['group']))}" if one["group"] else ""
    at = {limit.kind: limit.celsius for limit in limits}
    pace: Values = {
        "interval": one["interval_ms"] or None,
        "upper": at.get("above"),
        "lower": at.get("below"),
    }
    cause = f",cause={tag_value(standing.cause)}" if standing.cause else ""
    about: Values = {
        "level": standing.level,
        "since": standing.since_ms or None,
        "until": standing.to_ms or None,
        "limit": standing.limit_c,
        "care": int(standing.taken_care) or None,
    }
    good = None if newest.units is None else newest.units / UNITS_PER_C
    now = {"newest": newest.taken_ms, "last": good}
    return [
        (f"{tag},name={tag_value(name)}{group} known=1", ""),
        (f"{tag} {_text_of(pace)}", f"{',' if _text_of(pace) else ''}{_text_of(now)}"),
        (f"{tag},state={standing.state}{cause} {_text_of(about)}", ""),
    ]


def _text_of(values: Values) -> str:
    return ",".join(f"{name}={value!r}" for name, value in values.items() if value is not None)


# So much later it is taken for over: what is on its way is there.
SETTLED_MS = 2 * MINUTE_MS
# So many probes' hours in a request.
MOST = 200
# How many readings are looked through at a time after a start.
PIECE = 200_000


class Hour(NamedTuple):
    """Of one probe."""

    probe_id: str
    start_ms: int


class Hours:
    """Which hours are to be sent. up_to: the reading up to which all of them were, when last asked."""

    def __init__(self, site: str) -> None:
        self._site = site
        # Each with the first reading that made it be sent.
        self._touched: dict[Hour, int] = {}
        self._sent: deque[tuple[float, Hour, int]] = deque()

    def begin(self, reader: Reader, no: int, up_to: int) -> None:
        """Look through the readings behind `no`, up to where the forwarder is, which were sent before."""
        self._touched.clear()
        self._sent.clear()
        while no < up_to:
            columns = reader.behind(no, min(PIECE, up_to - no), fields=NEEDED, own=True)
            if not len(columns):
                return
            self.touch(columns)
            no = int(columns.no[-1])

    def touch(self, columns: Columns) -> None:
        """These readings were sent."""
        keys = np.stack([columns.probe, columns.taken_ms // HOUR_MS])
        found, first = np.unique(keys, axis=1, return_index=True)
        for probe, hour, place in zip(*found.tolist(), first.tolist(), strict=True):
            self._touched.setdefault(Hour(columns.ids[probe], hour * HOUR_MS), int(columns.no[place]))

    def anew(self, reader: Reader, probe_id: str) -> None:
        """All of a probe count otherwise."""
        first_ms, last_ms = reader.span() or (0, 0)
        _, steps = reader.steps(first_ms // HOUR_MS * HOUR_MS, last_ms + HOUR_MS, HOUR_MS, probe_id)
        for hour in steps.at.tolist():
            self._touched[Hour(probe_id, hour * HOUR_MS)] = 0

    def back(self) -> None:
        """What was sent a moment ago may be lost."""
        for _, hour, no in self._sent:
            self._touched.setdefault(hour, no)
        self._sent.clear()

    def up_to(self, no: int, trail_s: float) -> int:
        """The reading up to which nothing is needed again, if the forwarder is at `no`."""
        while self._sent and monotonic_s() - self._sent[0][0] >= 2 * trail_s:
            self._sent.popleft()
        open_ = [first for hour, first in self._touched.items() if hour.start_ms <= now_ms()]
        return max(min([no + 1, *open_, *(first for _, _, first in self._sent)]) - 1, 0)

    def due(self, reader: Reader, revisions: Mapping[str, int]) -> tuple[str, list[Hour]]:
        """The lines of some hours that are over, and these hours; none for none."""
        over_ms = now_ms() - HOUR_MS - SETTLED_MS
        found = sorted((one for one in self._touched if one.start_ms <= over_ms), key=lambda one: one[::-1])
        found = [one for one in found if one.start_ms == found[0].start_ms][:MOST]
        return "".join(self._lines(reader, found, revisions)), found

    def waiting(self) -> int:
        """How many are over and not sent."""
        over_ms = now_ms() - HOUR_MS - SETTLED_MS
        return sum(one.start_ms <= over_ms for one in self._touched)

    def sent(self, hours: Sequence[Hour]) -> None:
        """They have arrived."""
        for hour in hours:
            self._sent.append((monotonic_s(), hour, self._touched.pop(hour)))

    def _lines(self, reader: Reader, hours: Sequence[Hour], revisions: Mapping[str, int]) -> Iterator[str]:
        if not hours:
            return
        from_ms, ids = hours[0].start_ms, [one.probe_id for one in hours]
        to_ms, limits = from_ms + HOUR_MS, _limits(reader, reader.probes())
        figures = reader.figures(from_ms, to_ms, ids)
        for probe_id in ids:
            if (told := figures.get(probe_id)) is None:
                continue
            mine = limits.get(probe_id, ())
            times = _times(reader, from_ms, to_ms, mine, probe_id)
            at_ms = from_ms + min(told.readings + told.faults, HOUR_MS - 1)
            tags = f"site={tag_value(self._site)},probe={tag_value(probe_id)}"
            revision = revisions.get(probe_id, 0)
            fields = ",".join(f"{name}={value!r}" for name, value in _fields(told, times).items())
            yield f"{MEASUREMENT},{tags},revision={revision} {fields} {at_ms}\n"


def _times(
    reader: Reader, from_ms: int, to_ms: int, limits: Sequence[Limit], probe_id: str
) -> tuple[float, float | None]:
    """(seconds measured, seconds beyond a limit, None without one). What lies between two readings belongs to
    the hour in which the second was taken, so that hours add up to what they are together."""
    sums = []
    for end_ms in (from_ms, to_ms):
        told = reader.beyond(from_ms - HOUR_MS, end_ms, limits, probe_id).get(probe_id)
        # Beyond one of them is beyond no other: one is above, one below.
        passed = sum(one.beyond_ms for one in told.passed) if told else 0.0
        sums.append((told.measured_ms if told else 0.0, passed))
    measured, beyond = (round(max(now - before, 0.0) / 1000, 3) for before, now in zip(*sums, strict=True))
    return measured, beyond if limits else None


def _fields(told: Figures, times: tuple[float, float | None]) -> dict[str, float | int]:
    measured_s, beyond_s = times
    found: dict[str, float | int] = {
        "hour_low": round(told.low, 7),
        "hour_high": round(told.high, 7),
        "hour_mean": round(told.mean, 7),
        "hour_readings": told.readings,
        "hour_faults": told.faults,
        "hour_measured": measured_s,
    }
    if told.sigma is not None:
        found["hour_sigma"] = round(told.sigma, 7)
    if beyond_s is not None:
        found["hour_beyond"] = beyond_s
    return found


def _limits(reader: Reader, probes: Sequence[Mapping[str, Any]]) -> dict[str, list[Limit]]:
    """The narrowest limits of each of these by the rules that hold now: at most one above, one below."""
    rules = reader.rules()
    in_force, watching = states.in_force(rules), states.Watching(rules)
    found = {}
    for one in probes:
        mine = [in_force[r.no] for r in watching.of(one["id"], str(one["group"] or "")) if r.no in in_force]
        at = {
            kind: [rule.limit_c for rule in mine if rule.kind == kind and rule.limit_c is not None]
            for kind in ("above", "below")
        }
        found[one["id"]] = [
            Limit(kind, float(narrowest(at[kind])))
            for kind, narrowest in (("above", min), ("below", max))
            if at[kind]
        ]
    return found
