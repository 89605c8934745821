"""`GET /api/statistics`, and that page, API, workbook and notebook tell one time above a limit."""

from datetime import UTC
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from support.rows import calendar_buckets_in
from temphub_kernel.analysis import excursions, load, statistics
from temphub_kernel.core.clock import iso_utc, now_ms
from temphub_kernel.core.reading import UNDATED, Row
from temphub_kernel.exports import make_order
from temphub_kernel.exports.run import export
from temphub_kernel.journal import Reader, WallClock, strike_out
from temphub_kernel.page.choices.view import Window
from temphub_kernel.page.data.window_cache import Measure, Memory

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
HIGH, LOW = 8.0, 2.0


def fill(hub, seed: int) -> tuple[int, int]:
    """Two probes whose intervals change, with gaps, faults, undated, late and struck-out readings and values
    at the limits; the range."""
    rng = np.random.default_rng(seed)
    begin = now_ms() // HOUR_MS * HOUR_MS - 30 * HOUR_MS
    rows, end = [], begin
    for probe in ("a", "b"):
        at = begin
        for _ in range(6):
            every, warm = int(rng.choice([1_000, 10_000, 60_000, 600_000])), rng.uniform(0, 10)
            for _ in range(int(rng.integers(5, 60))):
                at += int(every * (40 if rng.random() < 0.03 else rng.uniform(0.9, 1.1)))
                value = None if rng.random() < 0.05 else round(rng.normal(warm, 3) * 2) / 2
                quality = "open" if value is None else UNDATED if rng.random() < 0.05 else None
                rows.append(
                    Row(
                        probe, None, None, at, at + 40, None if value is None else round(value * 1e7), quality
                    )
                )
        end = max(end, at)
    rng.shuffle(rows)
    hub.writer.store(rows)
    taken = sorted(row.taken_ms for row in rows if row.probe_id == "a")
    strike_out(hub.writer, "a", taken[30], taken[45])
    return begin, end + 1


def overview(path: Path) -> dict[str, dict[str, float]]:
    sheet = openpyxl.load_workbook(path)["Overview"]
    head, *rows = list(sheet.iter_rows(min_row=4, values_only=True))
    return {row[1]: dict(zip(head, row, strict=True)) for row in rows if row[1]}


@pytest.mark.parametrize("seed", range(8))
def test_page_api_workbook_and_notebook_tell_the_same(hub, tmp_path, seed):
    """One time above and below a limit, one time of which nothing is known, the same excursions, one mean;
    whoever is asked."""
    begin, end = fill(hub, seed)
    _, answer = hub.ask("GET", f"/api/statistics?from={begin}&to={end}&limit_high_c={HIGH}&limit_low_c={LOW}")
    frame = load(start=begin, end=end, tidy=True, tz="UTC", data_dir=hub.journal.parent)
    found = excursions(frame, above=HIGH, below=LOW)
    out = tmp_path / "out.xlsx"
    export(
        hub.journal,
        make_order(start=str(begin), end=str(end), limit_high_c=str(HIGH), limit_low_c=str(LOW)),
        out,
    )
    sheet, (first, last) = overview(out), (max(begin, _span(hub)[0]), min(end, _span(hub)[1] + 1))
    with Reader(hub.journal) as reader:
        page = Measure().of(reader, {"a": 2000, "b": 2000}, (begin, end), HIGH, now_ms())
    frame_told = statistics(start=begin, end=end, data_dir=hub.journal.parent).set_index("probe_id")
    assert [told["probe_id"] for told in answer["probes"]] == ["a", "b"]
    for told in answer["probes"]:
        probe = told["probe_id"]
        shown = page[probe].statistics
        for value, name, column in (
            (shown.mean, "mean_c", "mean °C"),
            (shown.sigma, "sigma_c", "σ °C"),
            (shown.trend, "trend_c_per_h", "trend °C/h"),
        ):
            assert told["exact"] and {
                round(each, 7) for each in (value, frame_told[name][probe], sheet[probe][column])
            } == {told[name]}
        assert (
            (sheet[probe]["readings"], sheet[probe]["faults"])
            == (told["count"], told["faults"])
            == (shown.n, frame_told["faults"][probe])
        )
        assert told["measured_exact"] and all(limit["exact"] for limit in told["limits"])
        assert page[probe].beyond.passed[0].beyond_ms / 1000 == pytest.approx(
            told["limits"][0]["beyond_s"], abs=1e-6
        )
        assert page[probe].beyond.measured_ms / 1000 == told["measured_s"]
        assert sheet[probe]["not measured, hours"] == pytest.approx(
            (last - first) / HOUR_MS - told["measured_s"] / 3600
        )
        for limit, column in zip(told["limits"], ("above 8 °C, hours", "below 2 °C, hours"), strict=True):
            mine = found[(found["probe_id"] == probe) & (found["kind"] == limit["kind"])]
            seen = (mine["duration"] - mine["unseen"]).dt.total_seconds().sum()
            assert seen == pytest.approx(limit["beyond_s"], abs=0.001 * len(mine) + 1e-6)
            assert sheet[probe][column] == pytest.approx(limit["beyond_s"] / 3600)
            assert [one["peak_c"] for one in limit["excursions"]] == mine["peak_c"].tolist()
            assert [one["begins"] for one in limit["excursions"]] == mine["begins"].tolist()
            assert [one["begin"] for one in limit["excursions"]] == [
                iso_utc(t.value // 10**6) for t in mine["start"]
            ]


@pytest.mark.parametrize("minutes", [1, 90, 300, 1439, 30 * 60])
@pytest.mark.parametrize("live", [True, False])
def test_a_window_of_the_page_tells_what_the_api_does(hub, minutes, live):
    """Live or standing still, up to two hours or longer: the table's mean, σ and trend are those of
    /api/statistics to the last digit."""
    _, end = fill(hub, minutes)
    end = (end // MINUTE_MS + 1 if live else end // MINUTE_MS - 30) * MINUTE_MS
    span = Window(minutes * MINUTE_MS, 0 if live else end)
    begin = end - minutes * MINUTE_MS
    memory = Memory(span)
    with Reader(hub.journal) as reader:
        # As if it were then: a live window ends with the clock.
        memory.update(reader, {"a": 2000, "b": 0}, end - 1 if live else now_ms())
        found = {
            id_: kept.statistics for id_ in ("a", "b") if (kept := memory.kept(id_)) and kept.statistics.n
        }
        first = begin - 1 if live and not span.from_minutes else begin
        _, answer = hub.ask("GET", f"/api/statistics?from={first}&to={end}")
        lines = {id_: memory.kept(id_).curve for id_ in found}
        clock = WallClock(span.bucket_ms or MINUTE_MS, UTC, 0, begin, end)
        drawn = calendar_buckets_in(reader, first, end, clock)
    assert found.keys() == {told["probe_id"] for told in answer["probes"]}
    for id_, curve in lines.items():
        # What is read off at the pointer is what a bucket of the API has.
        means = [round((bucket.mean or 0) / 1e7, 7) for bucket in drawn if bucket.probe_id == id_]
        assert (
            not span.bucket_ms
            or [round(value, 7) for value in curve.values.tolist() if value == value] == means
        )
    for told in answer["probes"]:
        shown = found[told["probe_id"]]
        for value, name in ((shown.mean, "mean_c"), (shown.sigma, "sigma_c"), (shown.trend, "trend_c_per_h")):
            assert (value if value is None else round(value, 7)) == told.get(name)


def _span(hub) -> tuple[int, int]:
    with Reader(hub.journal) as reader:
        return reader.span()


def test_what_it_says_of_a_plain_triangle(hub):
    """4, 4, 12, 4 °C ten minutes apart: above 8 °C for ten minutes, from quarter past to twenty-five past,
    and 1 s of the range unknown."""
    begin = now_ms() // HOUR_MS * HOUR_MS - HOUR_MS
    rows = [
        Row("a", None, None, begin + n * 600_000, begin, round(c * 1e7), None)
        for n, c in enumerate((4, 4, 12, 4))
    ]
    hub.writer.store([*rows, rows[0]._replace(probe_id="b", units=None, quality="open")])
    _, answer = hub.ask("GET", f"/api/statistics?from={begin}&to={begin + 1_801_000}&limit_high_c=8")
    (told,) = answer["probes"]
    (limit,) = told["limits"]
    assert (
        limit["beyond_s"],
        limit["at_least_s"],
        limit["at_most_s"],
        told["measured_s"],
        told["unknown_s"],
    ) == (600, 600, 600, 1800, 1)
    (one,) = limit["excursions"]
    assert (one["begin"], one["end"]) == (iso_utc(begin + 900_000), iso_utc(begin + 1_500_000))
    assert (one["peak_c"], one["degree_minutes"], one["ends"]) == (12, 20, "crossing")


@pytest.mark.parametrize(
    "query", ["limit_high_c=warm", "limit_low_c=nan", "limit_high_c=2&limit_low_c=8", "limit_high_c=1e9"]
)
def test_a_limit_that_is_none_is_refused(hub, query):
    """With the value met and what to give instead."""
    status, answer = hub.ask("GET", f"/api/statistics?{query}")
    assert (
        (status, answer["error"]) == (400, "bad_limit")
        and "limit_" in answer["problem"]
        and answer["remedy"].startswith("Give")
    )


def test_without_limits_it_tells_the_figures(hub):
    """No limit: counts, extremes and both means; an id that nobody has delivered is no probe."""
    hub.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "a"})
    _, answer = hub.ask("GET", "/api/statistics?probe_id=a&limit_high_c=&limit_low_c=")
    assert answer["probes"] == [
        {
            "probe_id": "a",
            "count": 1,
            "faults": 0,
            "exact": True,
            **dict.fromkeys(("min_c", "mean_c", "max_c", "mean_of_readings_c"), 21.5),
        }
    ]
    assert hub.ask("GET", "/api/statistics?probe_id=nobody")[1]["probes"] == []
