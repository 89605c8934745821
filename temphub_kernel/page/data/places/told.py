"""Which probes there are at all places, what each measures now and how it does. The asking thread.

Each hub tells every five minutes what its own page knows; what it told last of a place that is silent is
looked up. The newest readings are read one by one.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ....alarms import states
from ....core import DAY_MS, MINUTE_MS, TempHubError, monotonic_s, now_ms
from ....engines import (
    MEASUREMENT,
    READINGS,
    Engine,
    Told,
    match,
    revisions_of,
    series_of,
    shares_of,
    sites_of,
)
from ..behind import Parts

# As forward/engine/beside.py has them.
TOLD = ("known", "interval", "upper", "lower", "newest", "last", "level", "since", "until", "limit", "care")
ONCE = TOLD[:6]
FRESH_MS = 6 * MINUTE_MS
NEWEST_MS = 3 * MINUTE_MS
AHEAD_MS = MINUTE_MS
# How far back is looked for what a silent place told last; less where that is too much for an engine.
BACK_MS = (32 * DAY_MS, 7 * DAY_MS, DAY_MS)
SILENT_EVERY_S = 300.0
# All that hubs told is asked for so often, where that takes long less often; else what came since the last
# question, and from so long before it: what was on its way then.
WHOLE_EVERY_S, MOST_WHOLE_S = 30.0, 240.0
AGAIN_MS = MINUTE_MS
PREFIX = f"{MEASUREMENT}_"
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


# Of a probe by field: when, what, and the labels of those that say something by them.
Said = dict[str, tuple[int, float, Mapping[str, str]]]
SAY, NO_LABELS = ("known", "level"), dict[str, str]()


class Heard:
    """What hubs told within the last minutes, by probe. Of a hundred thousand probes that is a million
    points, so what may be new is asked for, and all of it now and then: a hub's clock may be behind."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._said: dict[Key, Said] = {}
        self._asked_ms, self._whole_s, self._took_s = 0, float("-inf"), 0.0
        self.fresh: dict[Key, There] = {}

    def ask(self, now: int, shares: Iterable[set[str] | None]) -> None:
        """Hear what is new, of some places after the other. Raises TempHubError."""
        began_s = monotonic_s()
        pause_s = min(max(WHOLE_EVERY_S, 20 * self._took_s), MOST_WHOLE_S)
        whole = began_s - self._whole_s >= pause_s
        since_ms = now - FRESH_MS if whole else max(now - FRESH_MS, self._asked_ms - AGAIN_MS)
        met: set[Key] = set()
        for share in shares:
            for piece in self._engine.pieces(match(TOLD, sites=share), since_ms, now + AHEAD_MS):
                met |= _take(self._said, _last(piece))
        for key in met:
            self.fresh[key] = _there(key, self._said[key])
        self._asked_ms = now
        if whole:
            self._whole_s, self._took_s = monotonic_s(), monotonic_s() - began_s
        self._forget(now - FRESH_MS)

    def _forget(self, before_ms: int) -> None:
        """Those of which nothing was told since."""
        late = (key for key, one in self.fresh.items() if one.told_ms < before_ms)
        for key in [key for key in late if max(told[0] for told in self._said[key].values()) < before_ms]:
            del self.fresh[key], self._said[key]


class Places:
    """Asks one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.revisions: dict[Key, int] = {}
        self.found: dict[Key, There] = {}
        self._heard = Heard(engine)
        self._revised_s = self._silent_s = float("-inf")
        self._silent: dict[Key, There] = {}
        self._sites: set[str] = set()
        self.parts = Parts()

    def _shares(self) -> list[set[str] | None]:
        """The places that a question is about, None for all: of many an answer would take an engine long, and
        be as long."""
        shares = shares_of(self._sites)
        return [*shares] if len(shares) > 1 else [None]

    def _each(self) -> Iterator[set[str] | None]:
        """One after the other; of each that was gone through a part of the answer is here."""
        for share in self._shares():
            yield share
            self.parts.came()

    def ask(self) -> dict[Key, There]:
        """All of them. Raises TempHubError."""
        now = now_ms()
        if monotonic_s() - self._revised_s >= REVISIONS_EVERY_S:
            self.revisions, self._revised_s = revisions_of(self.engine), monotonic_s()
        look = monotonic_s() - self._silent_s >= SILENT_EVERY_S
        if look:
            self._sites = sites_of(self.engine, now - BACK_MS[0])
        # What hubs told, and the newest readings.
        self.parts.begin(2 * len(self._shares()))
        self._heard.ask(now, self._each())
        fresh = self._heard.fresh
        if look:
            self._silent, self._silent_s = self._longer_ago(fresh, now), monotonic_s()
        found, before = self._with_newest({**self._silent, **fresh}, now), self.found
        # One of which nothing new was told is the very same, by which a page sees that.
        self.found = {key: had if (had := before.get(key)) == one else one for key, one in found.items()}
        return self.found

    def _longer_ago(self, fresh: Mapping[Key, There], now: int) -> dict[Key, There]:
        """What the hubs that are silent told last."""
        silent = self._sites - {site for site, _ in fresh}
        for back_ms in BACK_MS if silent else ():
            try:
                # Each with its own time: of two names the later one is its name, and a limit that was told
                # before it was taken away is none.
                told = [
                    one
                    for name in ONCE
                    for one in self.engine.last(match([name], sites=silent), back_ms, now)
                ]
            except TempHubError:
                if back_ms == BACK_MS[-1]:
                    raise
                continue
            return {key: one._replace(told_ms=0) for key, one in _told(told).items()}
        return {}

    def _with_newest(self, found: dict[Key, There], now: int) -> dict[Key, There]:
        asked = (match(READINGS, sites=share) for share in self._each())
        pieces = (
            piece
            for readings in asked
            for piece in self.engine.pieces(readings, now - NEWEST_MS, now + AHEAD_MS)
        )
        for one in (one for told in pieces for one in series_of(told, self.revisions)):
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
    said: dict[Key, Said] = {}
    _take(said, points)
    return {key: _there(key, mine) for key, mine in said.items()}


def _take(said: dict[Key, Said], points: Iterable[tuple[dict[str, str], int, float]]) -> set[Key]:
    """Add what is later than what was said; the probes of which something was."""
    met = set()
    for labels, at_ms, value in points:
        field, key = labels["__name__"].removeprefix(PREFIX), _key(labels)
        mine = said.setdefault(key, {})
        if field not in mine or at_ms >= mine[field][0]:
            mine[field] = at_ms, value, labels if field in SAY else NO_LABELS
            met.add(key)
    return met


def _there(key: Key, mine: Said) -> There:
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
