"""A time in a delivery is taken where it can be one, and what has no effect is said."""

import itertools
import logging
import time
from datetime import datetime, timedelta, timezone

import pytest

from temphub_kernel.api.timestamps import moment_ms, taken_by_clock
from temphub_kernel.core.clock import iso_utc, now_ms
from temphub_kernel.journal import Reader

# 2026-11-23 12:54:00 UTC
THEN = 1_795_438_440_000
NOW = THEN + 3_600_000


def rows(hub):
    with Reader(hub.journal) as reader:
        return reader.after(0, 100_000)


@pytest.fixture
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "name",
    ["timestamp", "time", "ts", "datetime", "date_time", "date", "taken", "taken_at", "measured_at", "epoch"],
)
@pytest.mark.parametrize("how", ["post", "get", "batch"])
def test_a_given_time_is_the_reading_s_time(hub, name, how):
    """A time in a delivery, however it comes and whatever people call it, is when the reading was taken;
    nothing is ignored."""
    taken_ms = now_ms() // 1000 * 1000 - 7_200_000
    body = {"temperature_c": 20.5, name: iso_utc(taken_ms)}
    if how == "post":
        assert hub.ask("POST", "/api/ingest", body) == (200, {"ok": True})
    elif how == "get":
        assert hub.ask("GET", f"/api/ingest?temperature_c=20.5&{name}={iso_utc(taken_ms)}") == (
            200,
            {"ok": True},
        )
    else:
        status, answer = hub.ask("POST", "/api/ingest", {"boot": "b", "readings": [{"seq": 1, **body}]})
        assert (status, answer["stored"], "ignored" in answer) == (200, 1, False)
    assert [(p.taken_ms, p.units, p.quality) for p in rows(hub)] == [(taken_ms, 205_000_000, None)]
    assert abs(rows(hub)[0].received_ms - now_ms()) < 10_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:54:00Z",
        "2026-11-23t12:54:00z",
        "2026-11-23T12:54:00.000Z",
        "2026-11-23 12:54:00+00:00",
        "2026-11-23T13:54:00+01:00",
        "2026-11-23T13:54:00 01:00",
        "2026-11-23T18:24:00+0530",
        "20261123T125400Z",
        "2026-11-23T13:54",
        "2026-11-23 13:54:00",
        THEN // 1000,
        THEN,
        THEN * 1000,
        THEN * 1_000_000,
        THEN / 1000,
        str(THEN // 1000),
        str(THEN),
        f" {THEN / 1000:.3f} ",
    ],
)
def test_the_ways_to_write_a_moment(berlin, text):
    """ISO 8601 with a zone or in the hub's own, and counts of s, ms, µs and ns since 1970, all mean the same
    moment."""
    assert moment_ms(text, NOW) == THEN


def test_a_day_and_a_time_of_day_sent_apart(berlin):
    """`date` and `time` of a clock chip are one moment; a day alone is none."""
    assert taken_by_clock({"date": "2026-11-23", "time": "13:54:00"}, NOW) == (THEN, "date")
    assert taken_by_clock({"date": "2026-11-23"}, NOW) == (NOW, None)
    assert taken_by_clock({"time": "13:54:00"}, NOW) == (NOW, None)


def test_the_hour_that_comes_twice(berlin):
    """Without a zone, a time of the doubled hour is the pass that is now, not the one an hour ago; and never
    ahead of now."""
    first = int(datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc).timestamp()) * 1000
    for now in (first, first + 3_600_000):
        assert moment_ms("2026-10-25T02:30:00", now) == now


NO_TEXTS = [
    "yesterday",
    "2026-11-23",
    "2026-13-01T00:00:00",
    "0000-00-00 00:00:00",
    "12:54",
    "x" * 10_000,
    "nan",
    "1e999",
]
NO_NUMBERS = [10**400, -5, 1e30, True, [], {}, 0, 12, 123_456, 4_000_000_000]
NO_CLOCKS = ["1970-01-01T00:00:12Z", "2000-01-01T00:05:00Z", "2099-01-01T00:00:00Z"]


@pytest.mark.parametrize("value", [*NO_TEXTS, *NO_NUMBERS, *NO_CLOCKS], ids=lambda value: repr(value)[:24])
def test_what_is_no_time_costs_no_reading(hub, value):
    """A clock never set, one far ahead, a text that is no time: the reading is kept, dated by its arrival and
    marked, and that is said."""
    before = now_ms()
    body = {"temperature_c": 20.5, "timestamp": value}
    assert hub.ask("POST", "/api/ingest", body) == (200, {"ok": True, "ignored": ["timestamp"]})
    (point,) = rows(hub)
    assert before <= point.taken_ms <= now_ms() and (point.units, point.quality) == (205_000_000, "undated")


def test_a_clock_a_little_ahead_is_now(hub):
    """A clock some seconds ahead of the hub's makes no reading of the future, and no mark."""
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 20, "ts": now_ms() + 20_000}) == (
        200,
        {"ok": True},
    )
    (point,) = rows(hub)
    assert point.taken_ms == point.received_ms and point.quality is None


def test_nothing_said_is_no_time(hub):
    """An empty or null time is as good as none."""
    for value in ("", None):
        assert hub.ask("POST", "/api/ingest", {"temperature_c": 20, "timestamp": value}) == (
            200,
            {"ok": True},
        )
    assert [p.quality for p in rows(hub)] == [None, None]


def test_an_age_beside_a_time_wins(hub):
    """Who says how old a reading is needs no clock: the age counts, and the time is said to have had no
    effect."""
    body = {"temperature_c": 20, "age_ms": 60_000, "timestamp": "2020-01-01T00:00:00Z"}
    assert hub.ask("POST", "/api/ingest", body) == (200, {"ok": True, "ignored": ["timestamp"]})
    assert abs(rows(hub)[0].taken_ms - now_ms() + 60_000) < 10_000


def test_a_network_that_held_back_does_not_move_a_given_time(hub):
    """A batch that was long under way is dated by it only where ages say when; a time of the probe's clock
    stands."""
    taken_ms = now_ms() - 3_600_000
    for sent_ms in (50_000, 50_001, 20_000):
        readings = [
            {"seq": sent_ms, "timestamp": taken_ms, "temperature_c": 1.0},
            {"seq": sent_ms + 1_000, "age_ms": 0, "temperature_c": 2.0},
        ]
        assert (
            hub.ask(
                "POST",
                "/api/ingest",
                {"probe_id": "p", "boot": "b", "sent_ms": sent_ms, "readings": readings},
            )[0]
            == 200
        )
    by_clock, by_age = rows(hub)[-2:]
    assert by_clock.taken_ms == taken_ms
    assert by_age.received_ms - by_age.taken_ms > 20_000


def test_unknown_fields_are_named(hub, caplog):
    """What the hub does not know it says, in the reply each time and in the log once for each probe and set
    of fields."""
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert hub.ask(
                "POST", "/api/ingest", {"temperature_c": 20, "probe_id": "p", "humidity": 40, "co2": 1}
            ) == (
                200,
                {"ok": True, "ignored": ["co2", "humidity"]},
            )
        reading = {"seq": 1, "age_ms": 0, "temperature_c": 1.0, "probe_id": "q"}
        _, answer = hub.ask(
            "POST", "/api/ingest", {"probe_id": "p", "boot": "b", "name": "x", "readings": [reading]}
        )
        assert answer["ignored"] == ["name", "probe_id"]
    said = [record.getMessage() for record in caplog.records if "ignored" in record.getMessage()]
    assert len(said) == 2 and "'co2', 'humidity'" in said[0] and said[0].startswith("p sends")


def test_what_the_owner_s_probe_sends_is_answered_as_ever(hub):
    """The owner's body, and a lone reading of our own firmware with its further fields, are answered with
    exactly {"ok": true}."""
    for body in (
        {"temperature_c": 23.8, "probe_id": "TempProbe-0096"},
        {"temperature_c": 23.8, "probe_id": "p", "token": ""},
    ):
        assert hub.whole("POST", "/api/ingest", body)[2] == b'{"ok":true}'
    own = {"temperature_c": 23.8, "probe_id": "own", "boot": "a1", "seq": 1, "age_ms": 5, "sent_ms": 9}
    assert "ignored" not in hub.ask("POST", "/api/ingest", own)[1]


def test_any_number_of_odd_names_stays_small(hub, caplog):
    """Thousands of odd names, half characters and endless sets of fields grow neither the reply nor the log
    without bound."""
    odd = {"temperature_c": 20, "\ud800": 1, "x" * 5_000: 1, **{f"field{n}": n for n in range(2_000)}}
    status, answer = hub.ask("POST", "/api/ingest", odd)
    assert status == 200 and len(answer["ignored"]) == 16 and max(map(len, answer["ignored"])) <= 40
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 20, "\ud800": 1})[1]["ignored"] == ["?"]
    with caplog.at_level(logging.WARNING):
        for n in range(250):
            hub.ask("POST", "/api/ingest", {"temperature_c": 20, f"n{n}": 1})
    said = [record for record in caplog.records if "ignored" in record.getMessage()]
    assert len(said) == 200 and "no more of such lines" in said[-1].getMessage()


def test_every_offset_means_the_same_moment():
    """One moment written with any offset of the world is that moment."""
    moment = datetime(2026, 11, 23, 12, 54, tzinfo=timezone.utc)
    for hours, minutes in itertools.product(range(-12, 15), (0, 30, 45)):
        zone = timezone(timedelta(hours=hours, minutes=minutes))
        assert moment_ms(moment.astimezone(zone).isoformat(), NOW) == THEN
