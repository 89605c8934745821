"""`GET /api/statistics`: each probe's figures of a range, and for how long limits were passed.

Endpoint thread; the journal is asked in others.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..base.clock import iso_utc
from ..exports import limits_of
from ..journal import Beyond, Figures, Limit, Passed, Reader
from .history import Ranged

# A sensor that jumps about a limit would fill an answer of its own.
MOST_EXCURSIONS = 1_000
# So many probes a question: their readings lie among each other and are read together.
AT_ONCE = 10


class Statistics(Ranged):
    """`GET /api/statistics?probe_id=&from=&to=&limit_high_c=&limit_low_c=`; the last 24 h of every probe by default."""

    async def get(self) -> None:
        probe_id, from_ms, to_ms = self.asked()
        given = limits_of(*(self.get_query_argument(name, "") for name in ("limit_high_c", "limit_low_c")))
        limits = tuple(Limit(kind, celsius) for kind, celsius in zip(("above", "below"), given, strict=True) if celsius is not None)
        ask = self.room.questions.ask
        probes = await ask(lambda reader: [probe["id"] for probe in reader.probes(removed=probe_id is not None)])
        ids = probes if probe_id is None else [probe_id] * (probe_id in probes)
        found = []
        for first in range(0, len(ids), AT_ONCE):
            # Some probes after the others: other questions have their turn in between.
            found += await ask(_question(ids[first : first + AT_ONCE], from_ms, to_ms, limits))
        self.finish({"ok": True, "from": iso_utc(from_ms), "to": iso_utc(to_ms), "probes": found})


def _question(ids: Sequence[str], from_ms: int, to_ms: int, limits: tuple[Limit, ...]) -> Callable[[Reader], list[dict[str, Any]]]:
    def answer(reader: Reader) -> list[dict[str, Any]]:
        figures = reader.figures(from_ms, to_ms, ids)
        beyond = reader.beyond(from_ms, to_ms, limits, ids) if limits else {}
        return [_told(id_, figures[id_], beyond.get(id_), to_ms - from_ms) for id_ in ids if id_ in figures]

    return answer


def _told(probe_id: str, figures: Figures, beyond: Beyond | None, whole_ms: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "probe_id": probe_id,
        "count": figures.readings,
        "faults": figures.faults,
        **{f"{name}_c": round(value, 7) for name, value in (("min", figures.low), ("mean", figures.mean), ("max", figures.high))},
        **_given(sigma_c=figures.sigma, trend_c_per_h=figures.trend),
        "exact": figures.exact,
        "mean_of_readings_c": round(figures.mean_of_readings, 7),
        **_given(sigma_of_readings_c=figures.sigma_of_readings),
    }
    if beyond is None:
        return told
    unknown_ms = max(whole_ms - beyond.measured_ms, 0)
    seconds = {"measured_s": beyond.measured_ms / 1000, "unknown_s": unknown_ms / 1000, "measured_exact": beyond.exact}
    return {**told, **seconds, "limits": [_passed(passed) for passed in beyond.passed]}


def _given(**values: float | None) -> dict[str, float]:
    """Those that there is enough to tell of."""
    return {name: round(value, 7) for name, value in values.items() if value is not None}


def _passed(told: Passed) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": told.limit.kind,
        "limit_c": told.limit.celsius,
        "beyond_s": told.beyond_ms / 1000,
        "at_least_s": told.least_ms / 1000,
        "at_most_s": told.most_ms / 1000,
        "exact": told.exact,
    }
    columns = [column.tolist() for column in told.excursions] if told.excursions else []
    rows = list(zip(*columns, strict=True))
    shown = [_excursion(*row) for row in rows[:MOST_EXCURSIONS]]
    return {**found, "excursions": shown, "excursions_left_out": len(rows) - len(shown)}


def _excursion(*row: Any) -> dict[str, Any]:
    start, end, unseen, peak, mean, degree_minutes, begins, ends = row
    return {
        "begin": iso_utc(round(start)),
        "end": iso_utc(round(end)),
        "unseen_s": unseen / 1000,
        "peak_c": round(peak, 7),
        "mean_c": round(mean, 7),
        "degree_minutes": round(degree_minutes, 4),
        "begins": begins,
        "ends": ends,
    }
