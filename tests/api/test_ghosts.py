"""What a plain sender's library says when it measured nothing is marked, and a true value among its
neighbours stays."""

import pytest

from temphub_kernel.api.plausibility import Court
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row, to_celsius, to_units
from temphub_kernel.journal import Reader, RollUps


def stored(hub):
    with Reader(hub.journal) as reader:
        return [(None if p.raw is None else to_celsius(p.raw), p.quality) for p in reader.after(0, 100)]


def send(hub, *values, **more):
    for value in values:
        assert hub.ask("POST", "/api/ingest", {"temperature_c": value, "probe_id": "plain", **more}) == (
            200,
            {"ok": True},
        )


def test_what_no_sensor_measured_is_stored_without_a_value(hub):
    """−127, 0x1FFF, a clone's 127.94 and ±1e6 of a plain sender are answered with 200 and kept as 'no value',
    with the reason."""
    send(hub, 20.0, -127, -127.0, 511.9375, 127.94, 1e6, -1e6, 20.0)
    faults = [(None, "missing")] * 2 + [(None, "range")] * 4
    assert stored(hub) == [(20.0, None), *faults, (20.0, None)]


@pytest.mark.parametrize("value", [-270.1, 1800.1, 9999, 1e308, 10**300, b"1e999"])
def test_out_of_range_is_recorded_not_refused(hub, value):
    """A number that is no temperature costs a plain sender nothing: it is recorded as a reading without a
    value, in a batch too."""
    number = value.decode() if isinstance(value, bytes) else repr(value)
    assert hub.ask("POST", "/api/ingest", f'{{"temperature_c": {number}}}'.encode()) == (200, {"ok": True})
    batch = f'{{"boot": "b", "readings": [{{"seq": 1, "age_ms": 0, "temperature_c": {number}}}]}}'.encode()
    assert hub.ask("POST", "/api/ingest", batch)[0] == 200
    assert stored(hub) == [(None, "range")] * 2


def test_the_bounds_themselves_are_temperatures(hub):
    """−270 and 1800 °C are taken as they are."""
    send(hub, -270, 1800)
    assert stored(hub) == [(-270.0, None), (1800.0, None)]


def test_by_get_as_well(hub):
    """`nan`, `inf` and −127 in a query are readings without a value."""
    for text in ("nan", "inf", "-127", "9999"):
        assert hub.ask("GET", f"/api/ingest?temperature_c={text}") == (200, {"ok": True})
    assert stored(hub) == [(None, "missing"), (None, "range"), (None, "missing"), (None, "range")]


def test_85_just_after_power_is_marked_and_kept(hub):
    """85.0 as the first reading, or far from the one before, keeps its number with the mark `power_on`."""
    send(hub, 85, 21.0, 85.0, 21.5)
    assert stored(hub) == [(85.0, "power_on"), (21.0, None), (85.0, "power_on"), (21.5, None)]


@pytest.mark.parametrize("rolled_up", [False, True])
def test_a_constant_85_counts_once_a_person_says_so(hub, rolled_up):
    """From its first reading on nothing speaks for 85.0, so it is marked however long it lasts; one word has
    all of it count, and back."""
    send(hub, *[85.0] * 5)
    if rolled_up:
        rollups = RollUps(hub.journal, hub.writer, every_s=0.005)
        rollups.start()
        with Reader(hub.journal) as reader:
            while reader.bookmark("rollups")[0] < 5:
                rollups.stopping.wait(0.002)
        assert rollups.stop()

    def told():
        (probe,) = hub.ask("GET", "/api/probes")[1]["probes"]
        buckets = hub.ask("GET", "/api/readings?probe_id=plain&bucket=1h")[1]["readings"]
        statistics = hub.ask("GET", "/api/statistics")[1]["probes"]
        return (
            probe["temperature_c"],
            probe["power_on_counts"],
            sum(one["count"] for one in buckets),
            [one["count"] for one in statistics],
        )

    assert told() == (None, False, 0, [])
    assert hub.ask("POST", "/api/describe", {"probe_id": "plain", "power_on_counts": True}) == (
        200,
        {"ok": True},
    )
    assert told() == (85.0, True, 5, [5])
    send(hub, 85.0)
    assert told() == (85.0, True, 6, [6]) and stored(hub)[-1] == (85.0, "power_on")
    hub.ask("POST", "/api/describe", {"probe_id": "plain", "power_on_counts": False})
    assert told() == (None, False, 0, [])


def test_a_true_85_stays(hub):
    """On its way up or down through 85 °C, and standing there, a value among its neighbours is a
    temperature."""
    send(hub, 79.5, 85.0, 85.0, 90.0, 85.0, 76.0)
    assert [quality for _, quality in stored(hub)] == [None] * 6


def test_a_true_minus_127_stays(hub):
    """In a cryogenic freezer −127.0 °C among neighbours is a temperature, too."""
    send(hub, -126.5, -127.0, -127.5)
    assert [quality for _, quality in stored(hub)] == [None] * 3


def test_a_clone_s_25_is_a_ghost_only_as_a_jump(hub):
    """25.0 is a room's temperature; only far from the reading before is it what some clones say after
    power."""
    send(hub, 25.0, 24.0, 25.0, 4.0, 25.0, 4.5)
    assert [quality for _, quality in stored(hub)] == [None, None, None, None, "power_on", None]


def test_a_place_of_25_degrees_is_not_hidden(hub):
    """A sensor of whole degrees that was carried from the fridge into a room of 25 °C: the first reading is
    doubted, the room is not."""
    send(hub, 4.0, 25.0, 25.0, 25.0, 4.0, 25.0)
    assert [quality for _, quality in stored(hub)] == [None, "power_on", None, None, None, "power_on"]


def test_who_judges_for_itself_is_not_judged_again(hub):
    """A counted reading of our own firmware, or one with a quality, was judged at the sensor."""
    send(hub, 20.0)
    send(hub, 85.0, quality="crc")
    readings = [
        {"seq": n, "age_ms": 0, "temperature_c": value} for n, value in enumerate((20.0, 85.0, -127.0))
    ]
    assert (
        hub.ask("POST", "/api/ingest", {"probe_id": "own", "boot": "b", "readings": readings})[1]["stored"]
        == 3
    )
    assert stored(hub) == [(20.0, None), (85.0, "crc"), (20.0, None), (85.0, None), (-127.0, None)]


def test_a_hub_that_was_just_started_knows_the_neighbours(make_hub):
    """A restart of the hub does not make a ghost of a true 85.0."""
    first = make_hub()
    send(first, 84.5)
    first.stop()
    second = make_hub()
    second.stop = lambda: None  # both are stopped below, in order
    try:
        send(second, 85.0)
        assert stored(second)[-1] == (85.0, None)
    finally:
        del second.stop
    first.stop = lambda: None


def test_a_silence_ends_the_neighbourhood():
    """After hours without a reading nothing speaks for 85.0: the probe may have been without power; with a
    slow pace it may not."""
    court, now = Court(), now_ms()

    def judge(hours, celsius):
        taken_ms = now + round(hours * 3_600_000)
        return court.judged(Row("p", None, None, taken_ms, taken_ms, to_units(celsius), None)).quality

    assert [judge(0, 80), judge(0.01, 84), judge(5, 85)] == [None, None, "power_on"]
    assert [judge(10, 80), judge(12, 84), judge(17, 85)] == [None, None, None]


def test_the_court_s_memory_is_bounded():
    """Made-up names do not grow the hub: 40,000 of them leave 16,384 behind."""
    court = Court()
    for n in range(40_000):
        court.remember(f"p{n}", 0, 0)
    assert len(court._last) == 16_384
