"""probe/outbox.py"""

from probe.clock import Clock
from probe.outbox import Outbox
from probe.reading import QUALITIES
from probe_harness import Ticks, units, waiting, wrapping_diff


def _filled(capacity, count):
    box = Outbox(capacity)
    for seq in range(count):
        box.add(seq, seq * 1000, units(20 + seq / 16), None)
    return box


def _seqs(box):
    return [reading["seq"] for reading in waiting(box, 100000, 0)]


def test_readings_come_out_as_the_hub_wants_them():
    """Oldest first, with their age at the time of sending; a bad one as null with its quality."""
    box = Outbox(10)
    box.add(7, 1000, units(21.0625), None)
    box.add(8, 3000, None, "crc")
    assert waiting(box, 10, 5000) == [
        {"seq": 7, "age_ms": 4000, "temperature_c": 21.0625},
        {"seq": 8, "age_ms": 2000, "temperature_c": None, "quality": "crc"},
    ]
    assert len(waiting(box, 1, 5000)) == 1


def test_every_quality_survives():
    """What the sensor said about itself reaches the hub word for word."""
    box = Outbox(20)
    for seq in range(len(QUALITIES)):
        box.add(seq, 0, None if seq else units(20.0), QUALITIES[seq])
    assert [reading.get("quality") for reading in waiting(box, 20, 0)] == list(QUALITIES)


def test_values_come_back_as_measured():
    """The compact store does not change what a sensor can say."""
    box = Outbox(10)
    for celsius in (23.8125, -0.0625, -55.0, 125.0, 1799.9921875):
        box.add(0, 0, units(celsius), None)
    assert [r["temperature_c"] for r in waiting(box, 10, 0)] == [23.8125, -0.0625, -55.0, 125.0, 1799.9921875]


def test_only_acknowledged_readings_are_forgotten():
    """A batch stays until the hub has it, and goes exactly up to the acknowledged one."""
    box = _filled(100, 10)
    assert _seqs(box) == list(range(10)) and len(box) == 10
    assert box.acknowledge(3) == 4
    assert _seqs(box) == [4, 5, 6, 7, 8, 9]
    assert box.acknowledge(3) == 0


def test_a_full_outbox_thins_its_oldest_half_and_counts():
    """Of 20 kept, every second of the oldest 10 goes; the newest 10 stay whole."""
    box = _filled(20, 20)
    assert box.thinned == 0
    box.add(20, 20000, 1, None)
    assert box.thinned == 5
    assert _seqs(box) == [1, 3, 5, 7, 9] + list(range(10, 21))


def test_it_never_holds_more_than_its_capacity():
    """A hub that is away for ever costs a bounded amount of memory; what is kept stays in order and newest
    last."""
    box = Outbox(16)
    for seq in range(5000):
        box.add(seq, seq, 1, None)
        assert len(box) <= 16
    seqs = _seqs(box)
    assert seqs == sorted(seqs) and seqs[-8:] == list(range(4992, 5000))
    assert box.thinned + len(box) == 5000


def test_thinning_and_acknowledging_mix():
    """Readings that were thinned out while their batch was on its way are no trouble when the acknowledgement
    comes."""
    box = _filled(20, 20)
    last = waiting(box, 8, 0)[-1]["seq"]
    box.add(20, 0, 1, None)
    assert box.acknowledge(last) == 4
    assert _seqs(box) == [9] + list(range(10, 21))


def test_ages_are_right_across_a_wrap_of_the_ticks():
    """A reading taken before the ticks wrapped is as old as it is."""
    ticks = Ticks(2**30 - 1000)
    clock = Clock(ticks, wrapping_diff)
    box = Outbox(4)
    box.add(0, clock.now(), 1, None)
    ticks.forward(2500)
    assert waiting(box, 1, clock.now())[0]["age_ms"] == 2500


def test_ages_are_right_after_the_stored_time_wraps():
    """After 49.7 days of running 32 bits wrap; the age does not, nor after 49.7 days or ten years of waiting
    in RAM."""
    day_ms = 24 * 3600 * 1000
    box = Outbox(4)
    box.add(0, 2**32 - 100, units(-40.0), None)
    for waited_ms in (250, 2**32 - 1, 2**32, 2**32 + 250, 60 * day_ms, 3650 * day_ms):
        assert waiting(box, 1, 2**32 - 100 + waited_ms) == [
            {"seq": 0, "age_ms": waited_ms, "temperature_c": -40.0}
        ]
    assert box._ring.oldest_age_ms(2**32 - 100 + 60 * day_ms) == 60 * day_ms


def test_a_useless_capacity_is_refused():
    """An outbox too small to thin says so at once."""
    try:
        Outbox(3)
    except ValueError as error:
        assert "Choose" in str(error)
    else:
        raise AssertionError("accepted")
