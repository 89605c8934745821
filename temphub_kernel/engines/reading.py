"""Readings and figures back from an engine, by its raw export or by the Prometheus query API. One thread.

Every point is asked for as it is: by VictoriaMetrics' raw export, also behind vmselect, elsewhere
(Prometheus, Thanos, Mimir) by instant queries of a range, `x[5m]`. A bare selector would bridge gaps and
round times. Answers are bounded: a stretch of time whose points are too many is made shorter. A probe has
up to three kinds of series there: what was sent, what is the matter with a reading, and what counts after a
correction, of which the highest revision holds.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import numpy as np
import numpy.typing as npt

from ..core import DAY_MS, HOUR_MS, STRUCK_OUT, Settings, TempHubError, now_ms
from .exported import Told, exported
from .names import READINGS, match as series_match
from .web import Answer, WebAddress

TIMEOUT_S = 60.0
# An answer has at most so many bytes, and a stretch of time is chosen so that it has about the other.
MOST_BYTES, FEW_BYTES = 64 * 1024 * 1024, 8 * 1024 * 1024
SHORTEST_MS, LONGEST_MS = 1_000, 32 * DAY_MS
FIRST_MS = HOUR_MS
# VictoriaMetrics looks into its days one by one up to 40 of them; beyond, whatever it ever had counts.
LEAP_MS = 39 * DAY_MS
AHEAD_MS = 3 * DAY_MS
# So many places are asked for at once where all of them are too many.
FEW_SITES = 50
# VictoriaMetrics takes `start=0` for 'not said', and then looks at the last minutes only.
FIRST_EVER_MS = 1_000
# What engines say of a question that would take them too much.
TOO_MUCH = re.compile(
    r"too many|too much|too large|limit|exceed|memory|timeout|timed out|deadline|cancel|maximum", re.I
)


Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class TooMuch(TempHubError):
    """Raised when an answer is larger than is taken, or than the engine gives."""


def slow(waits_s: float) -> TempHubError:
    """The error for one that has not answered yet."""
    return TempHubError(
        f"The engine has not answered for {waits_s:.0f} s.",
        "Look at the engine and at the way to it; it is asked on by itself.",
        code="bad_source",
    )


class Engine:
    """address: with name and password, if it wants them; token: sent as a bearer's; setting: where the
    address was said, for words."""

    def __init__(
        self, address: str, token: str = "", setting: str = "source", timeout_s: float = TIMEOUT_S
    ) -> None:
        """Raises TempHubError for what is no address."""
        if not _is_address(address):
            raise TempHubError(
                f"The source {address.rpartition('@')[2][:200]!r} is no web address.",
                'Give the address of the engine, such as source="http://192.168.1.5:8428".',
                code="bad_source",
            )
        self._token = token
        self._web = WebAddress(address, "The engine", setting, timeout_s)
        self._base = urlsplit(address).path.rstrip("/")
        self._exports: bool | None = None

    @property
    def shown(self) -> str:
        """The address without anything secret."""
        return self._web.shown.rstrip("/")

    @property
    def exports(self) -> bool:
        """Whether it has a raw export; it is then VictoriaMetrics. Raises TempHubError for what is no
        engine."""
        if self._exports is None:
            asked = {"match[]": '{__name__="temphub_hub"}', "start": f"{now_ms() / 1000:.3f}"}
            answer = self._get("/api/v1/export", asked)
            if answer.status in (401, 403) or answer.status >= 500:
                raise self._refused(answer)
            there = answer.status == 200 and not answer.html
            if not there:
                self._result("/api/v1/query", {"query": "1"})
            self._exports = there
        return self._exports

    def cut(self) -> None:
        """End the request under way. Any thread."""
        self._web.cut()

    def instant(self, question: str, at_ms: int) -> list[tuple[dict[str, str], float]]:
        """What a question comes to at a moment, by series. Raises TempHubError."""
        found = self._result("/api/v1/query", {"query": question, "time": f"{at_ms / 1000:.3f}"})
        return [(one["metric"], float(one["value"][1])) for one in found]

    def last(self, match: str, back_ms: int, at_ms: int) -> list[tuple[dict[str, str], int, float]]:
        """The last point, with its own time, of each series of one name in so long before a moment. Raises
        TempHubError."""
        span = f"{match}[{back_ms}ms"
        # Elsewhere a selector looks back five minutes, so at every fifth one point or another is seen.
        times = (
            f"tlast_over_time({span}])"
            if self.exports
            else f"max_over_time(timestamp({match})[{back_ms}ms:5m])"
        )
        when = {_unnamed(labels): round(told * 1000) for labels, told in self.instant(times, at_ms)}
        found = self.instant(f"last_over_time({span}])", at_ms)
        return [(labels, when.get(_unnamed(labels), 0), value) for labels, value in found]

    def steps(self, question: str, from_ms: int, to_ms: int, step_ms: int) -> list[Told]:
        """What it comes to at each step in [from_ms, to_ms]. Raises TempHubError."""
        asked = {"query": question, "start": f"{from_ms / 1000:.3f}", "end": f"{to_ms / 1000:.3f}"}
        return [
            _of_pairs(one["metric"], one["values"])
            for one in self._result("/api/v1/query_range", {**asked, "step": f"{step_ms / 1000:.3f}"})
        ]

    def series(self, match: str, from_ms: int = FIRST_EVER_MS) -> list[dict[str, str]]:
        """The labels of all series there were since. Raises TempHubError."""
        span = {"start": f"{from_ms / 1000:.3f}", "end": f"{(now_ms() + AHEAD_MS) / 1000:.3f}"}
        return list(self._result("/api/v1/series", {"match[]": match, **span}))

    def points(self, match: str, from_ms: int, to_ms: int) -> list[Told]:
        """Every point in [from_ms, to_ms), in one answer. Raises TooMuch, TempHubError."""
        if self.exports:
            span = {"start": f"{from_ms / 1000:.3f}", "end": f"{(to_ms - 1) / 1000:.3f}"}
            answer = self._whole(self._get("/api/v1/export", {"match[]": match, **span}))
            try:
                found = exported(answer.body)
            except ValueError as error:
                raise self._refused(answer) from error
        else:
            # The end belongs to it, the beginning to some engines' only: both are looked at below.
            asked = {"query": f"{match}[{to_ms - from_ms}ms]", "time": f"{(to_ms - 1) / 1000:.3f}"}
            found = [_of_pairs(one["metric"], one["values"]) for one in self._result("/api/v1/query", asked)]
        return [_within(one, from_ms, to_ms) for one in found]

    def pieces(self, match: str, from_ms: int, to_ms: int) -> Iterator[list[Told]]:
        """All of [from_ms, to_ms) in stretches of time, one after the other, each whole. Raises
        TempHubError."""
        from_ms, to_ms = max(from_ms, FIRST_EVER_MS), min(to_ms, now_ms() + AHEAD_MS)
        width_ms = FIRST_MS
        if self.exports and from_ms < to_ms:
            try:
                yield self.points(match, from_ms, to_ms)
                return
            except TooMuch:
                width_ms = max(min(FIRST_MS, (to_ms - from_ms) // 4), SHORTEST_MS)
        while from_ms < to_ms:
            end_ms = min(from_ms + width_ms, to_ms)
            try:
                found = self.points(match, from_ms, end_ms)
            except TooMuch:
                if width_ms <= SHORTEST_MS:
                    raise
                width_ms //= 4
                continue
            if found:
                yield found
            elif (end_ms := self._next(match, end_ms, to_ms)) >= to_ms:
                return
            if sum(len(one.taken_ms) for one in found) * 24 < FEW_BYTES:
                width_ms = min(width_ms * 4, LONGEST_MS)
            from_ms = end_ms

    def _next(self, match: str, from_ms: int, to_ms: int) -> int:
        """From when on there may be points; to_ms for never."""
        while from_ms < to_ms:
            span = {"start": f"{from_ms / 1000:.3f}", "end": f"{min(from_ms + LEAP_MS, to_ms) / 1000:.3f}"}
            if self._result("/api/v1/label/__name__/values", {"match[]": match, **span}):
                return from_ms
            from_ms += LEAP_MS
        return to_ms

    def _result(self, path: str, asked: dict[str, str]) -> Any:
        """What the query API answers. Raises TempHubError."""
        # VictoriaMetrics keeps the last half minute from whoever does not say so; others do not mind.
        answer = self._whole(self._get(path, {**asked, "nocache": "1"}))
        try:
            told = json.loads(answer.body)
            data = told["data"] if told["status"] == "success" else None
            found = data["result"] if isinstance(data, dict) else data
        except (ValueError, LookupError, TypeError) as error:
            raise self._refused(answer) from error
        if found is None and told["status"] != "success":
            raise self._refused(answer)
        return found or []

    def _get(self, path: str, asked: dict[str, str]) -> Answer:
        key = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        target = f"{self._base}{path}?{urlencode(asked)}"
        try:
            return self._web.exchange("GET", target, None, key, MOST_BYTES + 1)
        except TempHubError as error:
            raise type(error)(error.problem, error.remedy, code="bad_source") from error

    def _whole(self, answer: Answer) -> Answer:
        """The same if it is an answer, all of it."""
        if answer.status == 200 and not answer.html and len(answer.body) <= MOST_BYTES:
            return answer
        if answer.status == 200 and not answer.html:
            raise self._too_much("more than 64 MB at once")
        raise self._refused(answer)

    def _refused(self, answer: Answer) -> TempHubError:
        why = self._reason(answer)
        if answer.status in (401, 403):
            return TempHubError(
                f"The engine {self.shown} {answer.said}, so nothing of it can be read.",
                "Put name and password into the address (http://user:password@…), or set READ_TOKEN to a "
                "token that may read there.",
                code="bad_source",
            )
        if answer.status in (400, 413, 422, 429, 500, 503, 504) and TOO_MUCH.search(why):
            return self._too_much(why)
        said = f"{answer.said}{f': {why}' if why else ''}"
        return TempHubError(
            f"The engine {self.shown} {said}, which is no answer of a time-series engine."
            if answer.status < 500
            else f"The engine {self.shown} {said}.",
            "Check that it runs and is VictoriaMetrics or its vmselect (…/select/0/prometheus), Prometheus, "
            "Thanos or Mimir (…/prometheus), and that the address is right.",
            code="bad_source",
        )

    def _too_much(self, why: str) -> TooMuch:
        return TooMuch(
            f"The engine {self.shown} does not give so much at once ({why}).",
            "Ask for a shorter time or for some of the probes.",
            code="bad_source",
        )

    def _reason(self, answer: Answer) -> str:
        if answer.html:
            return ""
        text = answer.body[:4096].decode("utf-8", "replace").strip()
        try:
            told = json.loads(text)
            text = str(told.get("error") or text) if isinstance(told, dict) else text
        except ValueError:
            pass
        plain = "".join(sign if sign.isprintable() else " " for sign in text)[:300]
        return plain.replace(self._token, "****") if self._token else plain


def _unnamed(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(one for one in labels.items() if one[0] != "__name__")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _of_pairs(labels: dict[str, str], pairs: Iterable[tuple[float, str]]) -> Told:
    times, values = zip(*pairs, strict=True)
    taken_ms = np.rint(np.array(times, np.float64) * 1000).astype(np.int64)
    return Told(labels, taken_ms, np.array(values, np.float64))


def _within(one: Told, from_ms: int, to_ms: int) -> Told:
    if not len(one.taken_ms) or (one.taken_ms[0] >= from_ms and one.taken_ms.max() < to_ms):
        return one
    inside = (one.taken_ms >= from_ms) & (one.taken_ms < to_ms)
    return Told(one.labels, one.taken_ms[inside], one.values[inside])


Texts = npt.NDArray[np.object_]
Key = tuple[str, str]
NONE: Ints = np.zeros(0, np.int64)


class Series(NamedTuple):
    """One probe of one place, by time: when, °C as it counts and as sent (NaN where there is none), and what
    was the matter (None for nothing)."""

    site: str
    probe_id: str
    taken_ms: Ints
    celsius: Floats
    raw: Floats
    quality: Texts


class Readings:
    """All that an engine has. source: its address; READ_TOKEN goes to the one that READ_FROM has, and nowhere
    else."""

    def __init__(self, source: str, probes: set[str] | None) -> None:
        """Raises TempHubError."""
        settings = Settings.from_environ()
        self._engine = Engine(source, settings.reading_token if source == settings.read_from else "")
        self._match = series_match(READINGS, probes=probes)
        self._revisions = revisions_of(self._engine, probes)

    def pieces(self, span: tuple[int, int]) -> Iterator[list[Series]]:
        """Those taken in [start, end), in stretches of time one after the other. Raises TempHubError."""
        for told in self._engine.pieces(self._match, *span):
            yield series_of(told, self._revisions)


def sites_of(engine: Engine, from_ms: int = FIRST_EVER_MS) -> set[str]:
    """The places of which there was a hub since. Raises TempHubError."""
    return {labels.get("site", "") for labels in engine.series(series_match(("hub",)), from_ms)}


def shares_of(sites: Iterable[str]) -> list[set[str]]:
    """Places, as many at a time as one question is about."""
    ordered = sorted(sites)
    return [set(ordered[at : at + FEW_SITES]) for at in range(0, len(ordered), FEW_SITES)]


def revisions_of(engine: Engine, probes: set[str] | None = None) -> dict[Key, int]:
    """The revision that counts of each probe that has one. Asked of all times: in a stretch of which
    everything was struck out it has nothing, and an earlier one has. Raises TempHubError."""
    found: dict[Key, int] = {}
    try:
        told = engine.series(series_match(READINGS[2:], probes=probes))
    except TooMuch:
        # VictoriaMetrics 1.79 names at most 30,000 series at once.
        matches = (series_match(READINGS[2:], None, probes, share) for share in shares_of(sites_of(engine)))
        told = [one for match in matches for one in engine.series(match)]
    for labels in told:
        key, number = _key(labels), int(labels.get("revision", "0"))
        found[key] = max(number, found.get(key, 0))
    return found


def series_of(told: Sequence[Told], revisions: Mapping[Key, int]) -> list[Series]:
    """The probes by place and id. revisions: those that count."""
    gathered: dict[Key, list[Told]] = {}
    for one in told:
        gathered.setdefault(_key(one.labels), []).append(one)
    return [_one(key, parts, revisions.get(key)) for key, parts in sorted(gathered.items())]


def _one(key: Key, parts: Sequence[Told], highest: int | None) -> Series:
    sent = [one for one in parts if one.labels["__name__"].endswith("_celsius")]
    # What was struck out is left out, as by each hub: nothing of it is corrected, and it may be flagged.
    flags = [one for one in parts if one.labels.get("quality", STRUCK_OUT) != STRUCK_OUT]
    numbers = {int(one.labels["revision"]) for one in parts if "revision" in one.labels}
    # Asked at the same moment, an engine's index may not have a revision yet that its points have.
    revision = max({*numbers, *(() if highest is None else (highest,))}, default=None)
    corrected = [one for one in parts if one.labels.get("revision") == str(revision)]
    counts = sent if revision is None else corrected
    if len(parts) == 1 and sent and revision is None and np.all(np.diff(sent[0].taken_ms) > 0):
        # What was sent in order is all there is, as of nearly every probe.
        (one,) = sent
        return Series(
            *key, one.taken_ms, one.values, one.values.copy(), np.full(len(one.taken_ms), None, object)
        )
    taken_ms = np.unique(np.concatenate([NONE, *(one.taken_ms for one in (*flags, *counts))]))
    quality = np.full(len(taken_ms), None, object)
    for one in flags:
        quality[np.searchsorted(taken_ms, one.taken_ms)] = one.labels.get("quality", "")
    return Series(*key, taken_ms, _placed(taken_ms, counts), _placed(taken_ms, sent), quality)


def _placed(taken_ms: Ints, parts: Sequence[Told]) -> Floats:
    """Two points of one moment are the same one, sent twice."""
    values = np.full(len(taken_ms), np.nan)
    for one in parts:
        there = np.isin(one.taken_ms, taken_ms)
        values[np.searchsorted(taken_ms, one.taken_ms[there])] = one.values[there]
    return values


def _key(labels: Mapping[str, str]) -> Key:
    return labels.get("site", ""), labels.get("probe", "")
