"""`GET /api/readings`."""

import csv
import io

from temphub_kernel.core.clock import iso_utc, now_ms
from temphub_kernel.core.reading import Row, to_units

NOW = now_ms() // 60_000 * 60_000
MINUTE = 60_000


def fill(hub, values):
    """values: (probe, minutes ago, °C)."""
    rows = [
        Row(
            p,
            None,
            None,
            NOW - round(ago * MINUTE),
            NOW,
            None if c is None else to_units(c),
            "crc" if c is None else None,
        )
        for p, ago, c in values
    ]
    hub.writer.store(rows)


def test_readings_come_by_time_with_late_ones_in_place(hub):
    """A reading that arrived late stands where it was taken."""
    fill(hub, [("a", 1, 1.0), ("a", 3, 3.0), ("b", 2, 2.0)])
    _, answer = hub.ask("GET", "/api/readings")
    assert [(r["probe_id"], r["temperature_c"]) for r in answer["readings"]] == [
        ("a", 3.0),
        ("b", 2.0),
        ("a", 1.0),
    ]
    _, one = hub.ask("GET", "/api/readings?probe_id=a")
    assert [r["temperature_c"] for r in one["readings"]] == [3.0, 1.0]


def test_from_is_in_and_to_is_out(hub):
    """A range is [from, to), in either form of time."""
    fill(hub, [("a", 3, 3.0), ("a", 2, 2.0), ("a", 1, 1.0)])
    start, end = NOW - 3 * MINUTE, NOW - MINUTE
    for query in (f"from={start}&to={end}", f"from={iso_utc(start)}&to={iso_utc(end)}"):
        _, answer = hub.ask("GET", f"/api/readings?{query}")
        assert [r["temperature_c"] for r in answer["readings"]] == [3.0, 2.0]


def test_buckets_hold_the_extremes(hub):
    """A spike of one reading is in its bucket's highest, a fault is not counted."""
    fill(hub, [("a", 4, 1.0), ("a", 3.5, 99.0), ("a", 3, 2.0), ("a", 2, None)])
    _, answer = hub.ask("GET", f"/api/readings?bucket=10min&from={NOW - 600_000}&to={NOW + 600_000}")
    assert sum(r["count"] for r in answer["readings"]) == 3
    assert max(r["max_c"] for r in answer["readings"]) == 99.0
    assert min(r["min_c"] for r in answer["readings"]) == 1.0


def test_odd_buckets_equal_whole_minutes(hub):
    """Buckets that do not fit the minute roll-ups give the same numbers from the readings themselves."""
    fill(hub, [("a", n / 4, float(n)) for n in range(200)])
    span = f"from={NOW - 60 * MINUTE}&to={NOW}"
    _, minutes = hub.ask("GET", f"/api/readings?bucket=1min&{span}")
    _, seconds = hub.ask("GET", f"/api/readings?bucket=15s&{span}")
    assert sum(r["count"] for r in minutes["readings"]) == sum(r["count"] for r in seconds["readings"]) == 199
    assert len(seconds["readings"]) == 199


def test_csv_is_read_back_the_same(hub):
    """The CSV form has the same readings, a fault as an empty value with its kind, and no number with exactly
    three decimals."""
    fill(hub, [("a", 3, 21.875), ("a", 2, -0.0625), ("a", 1, None)])
    _, text = hub.ask("GET", "/api/readings?format=csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(r["temperature_c"], r["quality"]) for r in rows] == [
        ("21.8750", ""),
        ("-0.0625", ""),
        ("", "crc"),
    ]
    _, text = hub.ask("GET", "/api/readings?format=csv&bucket=1min")
    assert [(r["min_c"], r["mean_c"], r["max_c"]) for r in csv.DictReader(io.StringIO(text))] == [
        ("21.8750",) * 3,
        ("-0.0625",) * 3,
    ]


def test_a_long_sparse_range_is_answered_whole(hub):
    """Years with few readings are answered completely, each reading once."""
    fill(hub, [("a", days * 1440, float(days)) for days in range(700, 0, -7)])
    _, answer = hub.ask("GET", "/api/readings?from=0")
    assert [r["temperature_c"] for r in answer["readings"]] == [float(d) for d in range(700, 0, -7)]
    _, buckets = hub.ask("GET", "/api/readings?from=0&bucket=30d")
    assert sum(r["count"] for r in buckets["readings"]) == 100


def test_a_dense_range_is_answered_whole(hub):
    """More readings than fit one question to the journal come in order and complete."""
    for block in range(30):
        fill(hub, [("a", 30 - block - n / 1000, block + n / 1000) for n in range(1000)])
    _, answer = hub.ask("GET", "/api/readings")
    values = [r["temperature_c"] for r in answer["readings"]]
    assert len(values) == 30_000 and values == sorted(values)


def test_an_empty_journal_is_no_error(hub):
    """Before the first reading every question has an empty answer."""
    assert hub.ask("GET", "/api/readings") == (200, {"ok": True, "readings": []})
    assert hub.ask("GET", "/api/readings?bucket=1h") == (200, {"ok": True, "readings": []})
    assert hub.ask("GET", "/api/probes") == (200, {"ok": True, "probes": []})


def test_metrics_tell_newest_values(hub):
    """A scraper sees each probe's newest value and what was refused."""
    hub.ask("POST", "/api/ingest", {"temperature_c": 4.5, "probe_id": "fridge"})
    hub.ask("POST", "/api/ingest", {"temperature_c": "warm"})
    _, text = hub.ask("GET", "/metrics")
    assert 'temphub_temperature_celsius{name="fridge",probe_id="fridge"} 4.5' in text
    assert 'temphub_requests_refused_total{error="bad_temperature"} 1.0' in text
    assert "temphub_readings_stored_total 1.0" in text
