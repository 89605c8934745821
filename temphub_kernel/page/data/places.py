"""Which probes there are at all places, what each measures now and how it does. The asking thread.

Each hub tells every five minutes what its own page knows; what it told last of a place that is silent is
looked up. The newest readings are read one by one.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from ...alarms import states
from ...core import DAY_MS, MINUTE_MS, TempHubError, monotonic_s, now_ms
from ...engines import READINGS, Engine, Told, match, revisions_of, series_of

# As forward/engine/beside.py has them.
TOLD = ("known", "interval", "upper", "lower", "newest", "last", "level", "since", "until", "limit", "care")
ONCE = TOLD[:6]
FRESH_MS = 6 * MINUTE_MS
NEWEST_MS = 3 * MINUTE_MS
AHEAD_MS = MINUTE_MS
# How far back is looked for what a silent place told last; less where that is too much for an engine.
BACK_MS = (32 * DAY_MS, 7 * DAY_MS, DAY_MS)
SILENT_EVERY_S = 300.0
REVISIONS_EVERY_S = 60.0
SLUG = re.compile(r"[^A-Za-z0-9._-]+")
Key = tuple[str, str]


class There(NamedTuple):
    """A probe of a place. told_ms: when its hub told of it, 0 for longer ago than it counts; newest: (when,
    °C or None, what is the matter)."""

    site: str
    probe_id: str
    name: str
    group: str = ""
    interval_ms: int = 0
    upper: float | None = None
    lower: float | None = None
    newest: tuple[int, float | None, str | None] = (0, None, None)
    standing: states.Standing | None = None
    told_ms: int = 0

    @property
    def id(self) -> str:
        """What it is called in the page's address: an id of a probe, unlike any other."""
        return key_of(self.site, self.probe_id)


def key_of(site: str, probe_id: str) -> str:
    """`Shop-7.3f2a:Cold-1`."""
    slug = SLUG.sub("-", site).strip("-._")
    if slug != site:
        slug = f"{slug[:20] or 'x'}.{hashlib.sha256(site.encode()).hexdigest()[:4]}"
    key = f"{slug}:{probe_id}"
    return key if len(key) <= 64 else f"x.{hashlib.sha256(key.encode()).hexdigest()[:24]}"


class Places:
    """Asks one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.revisions: dict[Key, int] = {}
        self._revised_s = self._silent_s = float("-inf")
        self._silent: dict[Key, There] = {}

    def ask(self) -> dict[Key, There]:
        """All of them. Raises TempHubError."""
        now = now_ms()
        if monotonic_s() - self._revised_s >= REVISIONS_EVERY_S:
            self.revisions, self._revised_s = revisions_of(self.engine), monotonic_s()
        fresh = self.engine.points(match(TOLD), now - FRESH_MS, now + AHEAD_MS)
        found = _told(_last(fresh))
        if monotonic_s() - self._silent_s >= SILENT_EVERY_S:
            self._silent, self._silent_s = self._longer_ago(found, now), monotonic_s()
        found = {**self._silent, **found}
        return self._with_newest(found, now)

    def _longer_ago(self, fresh: Mapping[Key, There], now: int) -> dict[Key, There]:
        """What the hubs that are silent told last."""
        known = {_key(one) for one in self.engine.series(match(("known",)), now - BACK_MS[0])}
        silent = {site for site, _ in known} - {site for site, _ in fresh}
        sites = match(ONCE, sites=silent)
        for back_ms in BACK_MS if silent else ():
            try:
                told = self.engine.instant(f"last_over_time({sites}[{back_ms}ms])", now)
            except TempHubError:
                if back_ms == BACK_MS[-1]:
                    raise
                continue
            return _told([(labels, 0, value) for labels, value in told])
        return {}

    def _with_newest(self, found: dict[Key, There], now: int) -> dict[Key, There]:
        told = self.engine.points(match(READINGS), now - NEWEST_MS, now + AHEAD_MS)
        for one in series_of(told, self.revisions):
            key = one.site, one.probe_id
            there = found.get(key) or There(*key, name=one.probe_id)
            if not there.interval_ms and len(one.taken_ms) > 2:
                # Nobody told it one: the pace that is seen, as on its hub's own page.
                there = found[key] = there._replace(interval_ms=int(np.median(np.diff(one.taken_ms))))
            if len(one.taken_ms) and one.taken_ms[-1] >= there.newest[0]:
                celsius = float(one.celsius[-1])
                value = None if celsius != celsius else celsius
                quality = (one.quality[-1] or "missing") if value is None else None
                found[key] = there._replace(newest=(int(one.taken_ms[-1]), value, quality))
        return found


def _key(labels: Mapping[str, str]) -> Key:
    return labels.get("site", ""), labels.get("probe", "")


def _last(told: Iterable[Told]) -> list[tuple[dict[str, str], int, float]]:
    """The last point of each series."""
    return [(one.labels, int(one.taken_ms[-1]), float(one.values[-1])) for one in told if len(one.taken_ms)]


def _told(points: Iterable[tuple[dict[str, str], int, float]]) -> dict[Key, There]:
    """What hubs said of their probes: of each thing the last."""
    said: dict[Key, dict[str, tuple[int, float, dict[str, str]]]] = {}
    for labels, at_ms, value in points:
        field = labels["__name__"].removeprefix("temphub_")
        mine = said.setdefault(_key(labels), {})
        if field not in mine or at_ms >= mine[field][0]:
            mine[field] = at_ms, value, labels
    return {key: _there(key, mine) for key, mine in said.items()}


def _there(key: Key, mine: Mapping[str, tuple[int, float, dict[str, str]]]) -> There:
    def number(name: str, at_ms: int | None = None) -> float | None:
        told = mine.get(name)
        return told[1] if told and at_ms in (None, told[0]) else None

    at_ms, _, labels = mine.get("known", (0, 0, {}))
    newest_ms, last = mine.get("newest", (0, 0.0, {})), mine.get("last")
    good = last[1] if last and last[0] == newest_ms[0] else None
    standing = None
    if (level := mine.get("level")) is not None:
        when = level[0]
        standing = states.Standing(
            level[2].get("state", "fine"),
            int(level[1]),
            int(number("since", when) or 0),
            number("limit", when),
            level[2].get("cause", ""),
            int(number("until", when) or 0),
            bool(number("care", when)),
        )
    # A limit that was taken away is told no more.
    upper, lower = (number(name, newest_ms[0]) for name in ("upper", "lower"))
    return There(
        *key,
        name=labels.get("name", key[1]),
        group=labels.get("group", ""),
        interval_ms=int(number("interval") or 0),
        upper=upper,
        lower=lower,
        newest=(int(newest_ms[1]), good, None if good is not None else "missing"),
        standing=standing,
        told_ms=at_ms,
    )
