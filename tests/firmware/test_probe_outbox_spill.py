"""probe/outbox.py with a spill behind it, and probe/parcel.py: the ages of what earlier boots measured"""

from probe import chip
from probe.clock import Clock, parse_utc
from probe.outbox import Outbox
from probe.spill import Spill
from probe.spill_disk import Disk, SpillDoor
from probe_harness import Folder, Ticks, units, waiting, wrapping_diff
from spill_harness import Flash


class _Boot:
    """One start of a probe on `flash`."""

    def __init__(self, flash, name="one", capacity=256, files=8):
        self.ticks = Ticks()
        self.clock = Clock(self.ticks, wrapping_diff)
        self.name = name
        self.box = Outbox(capacity, Spill(flash, name, files, 2000))
        self.seq = 0

    def measure(self, count, step_ms=2000, numbers=1):
        """So many rounds."""
        for _ in range(count):
            for number in range(numbers):
                self.box.add(self.seq, self.clock.now(), units(self.seq / 16), None, number)
            self.seq += 1
            self.ticks.forward(step_ms)

    def deliver(self, limit=30, most=1000):
        """Send all: [(boot, number, reading)]."""
        sent = []
        for _ in range(most):
            parcel = self.box.parcel(limit, self.clock)
            if parcel is None:
                break
            assert 0 < len(parcel.readings) <= limit
            sent += [(parcel.boot or self.name, parcel.number, reading) for reading in parcel.readings]
            self.box.release()
            self.box.done(parcel)
        return sent


def test_while_the_hub_answers_the_flash_is_not_touched():
    """Delivered within seconds: no write at all."""
    flash = Flash()
    boot = _Boot(flash)
    for _ in range(200):
        boot.measure(1)
        assert len(boot.deliver()) == 1
    assert flash.writes == 0 and len(boot.box) == 0


def test_without_the_hub_full_blocks_move_to_the_flash():
    """64 at a time, or all there is after ten minutes: few writes, and a power cut costs ten minutes at
    most."""
    flash = Flash()
    boot = _Boot(flash)
    boot.measure(640)
    assert 9 <= flash.writes <= 10 and len(boot.box) == 640 and boot.box.spilled >= 576
    flash = Flash()
    boot = _Boot(flash)
    boot.measure(60, 60000)
    assert flash.writes == 5 and boot.box.spilled == 50


def test_everything_arrives_once_new_readings_first():
    """What was measured last does not wait behind the backlog; all ages are exact, also of readings that were
    on the flash."""
    boot = _Boot(Flash())
    boot.measure(500)
    sent = boot.deliver()
    assert sent[0][2]["seq"] > 440 and sent[-1][2]["seq"] < 448
    assert sorted(reading["seq"] for _, _, reading in sent) == list(range(500))
    for _, _, reading in sent:
        assert reading["age_ms"] == (500 - reading["seq"]) * 2000 and reading["temperature_c"].units == units(
            reading["seq"] / 16
        )
        assert "age_unknown" not in reading
    assert len(boot.box) == 0 and boot.deliver() == []


def test_a_new_reading_overtakes_in_the_middle_of_a_backlog():
    """Between two batches of the backlog."""
    boot = _Boot(Flash())
    boot.measure(500)
    assert len(boot.deliver(30, 6)) > 60
    boot.measure(1)
    assert [reading["seq"] for _, _, reading in boot.deliver(30, 1)] == [500]


def test_each_sensor_has_batches_of_its_own():
    """From RAM and from the flash: one number each, gapless sequence each."""
    boot = _Boot(Flash())
    boot.measure(200, 2000, 3)
    sent = boot.deliver(20)
    for number in range(3):
        assert sorted(reading["seq"] for _, n, reading in sent if n == number) == list(range(200)), number


def test_one_sensors_acknowledgement_leaves_the_others():
    """In RAM they lie mixed."""
    box = Outbox(100)
    for seq in range(5):
        for number in range(2):
            box.add(seq, 0, units(1.0), None, number)
    assert box.acknowledge(2, 1) == 3 and len(box) == 7
    assert [r["seq"] for r in waiting(box, 100, 0)] == [0, 1, 2, 3, 3, 4, 4]
    assert box.acknowledge(4) == 5 and box.acknowledge(4, 1) == 2 and len(box) == 0


def test_a_full_ram_is_thinned_by_rounds():
    """Without a spill: of two sensors each keeps every second reading of the older half."""
    box = Outbox(16)
    for seq in range(9):
        for number in range(2):
            box.add(seq, 0, units(1.0), None, number)
    seqs = [r["seq"] for r in waiting(box, 100, 0)]
    assert seqs == [1, 1, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8] and box.thinned == 4 and len(box) == 14


def test_a_flash_that_fails_costs_no_reading_and_is_told():
    """RAM goes on, thinned if need be; the next block is tried later, and works again by itself."""
    flash = Flash()
    boot = _Boot(flash, "one", 256)
    boot.measure(10)
    flash.broken = True
    boot.measure(400)
    assert "Free some" in boot.box.problem and boot.box.spilled == 0 and boot.box.thinned > 0
    flash.broken = False
    boot.measure(130)
    assert boot.box.problem is None and boot.box.spilled > 0
    sent = boot.deliver()
    assert len(sent) == len({reading["seq"] for _, _, reading in sent}) == 540 - boot.box.thinned
    flash.broken = True
    boot.measure(70)
    assert len(boot.box) == 70


def test_a_batch_on_its_way_is_not_moved():
    """Else it would be sent a second time; unless RAM gets full."""
    flash = Flash()
    boot = _Boot(flash, "one", 256)
    boot.measure(60)
    parcel = boot.box.parcel(100, boot.clock)
    boot.measure(30)
    assert flash.writes == 0
    boot.box.release()
    boot.box.done(parcel)
    assert len(boot.box) == 30
    boot.box.parcel(100, boot.clock)
    boot.measure(200)
    assert flash.writes > 0


def test_readings_of_an_earlier_boot_keep_boot_and_time():
    """Both boots heard the time: the age is exact over the hours in between without power."""
    flash = Flash()
    first = _Boot(flash)
    first.clock.learn("2026-03-01T12:00:00.000Z")
    first.box.learn(first.clock.anchor)
    first.measure(128)
    second = _Boot(flash, "two")
    second.ticks.forward(7000)
    second.clock.learn("2026-03-01T18:00:00.000Z")
    sent = second.deliver()
    assert {boot for boot, _, _ in sent} == {"one"} and [r["seq"] for _, _, r in sent] == list(range(64))
    assert all(r["age_ms"] == 6 * 3600000 - r["seq"] * 2000 and "age_unknown" not in r for _, _, r in sent)


def test_what_a_chip_said_waits_on_the_flash_too():
    """After a power cut each reading brings its own `chip_c` and `cold_c`, another sensor's in the same block
    none; thinned ones, too."""
    for files, rounds in ((8, 200), (4, 900)):
        flash = Flash()
        boot = _Boot(flash, files=files)
        for seq in range(rounds):
            said = chip.pack(256 * (seq % 9), -1024 * (seq % 100))
            boot.box.add(seq, boot.clock.now(), units(seq % 100), None, 1, said)
            boot.measure(1)
        again = _Boot(flash.survivor(), "two", files=files)
        told = again.deliver()
        assert len(told) > 100 and (boot.box.thinned > 0) == (files == 4)
        for _, number, one in told:
            assert ("chip_c" in one) == ("cold_c" in one) == (number == 1)
            if number:
                assert one["chip_c"].units == -1024 * (one["seq"] % 100) and one["cold_c"].units == 256 * (
                    one["seq"] % 9
                )


def test_an_age_that_cannot_be_known_says_so():
    """The earlier boot never met a hub: at least the rest of that boot, the boots since, and this one;
    marked."""
    flash = Flash()
    _Boot(flash).measure(65)
    _Boot(flash, "two").measure(65, 1000)
    third = _Boot(flash, "three")
    third.ticks.forward(5000)
    third.clock.learn("2026-03-01T18:00:00.000Z")
    sent = third.deliver()
    assert all(reading["age_unknown"] is True for _, _, reading in sent) and len(sent) == 128
    assert [(b, r["age_ms"]) for b, _, r in sent if r["seq"] in (0, 63)] == [
        ("one", 126000 + 63000 + 5000),
        ("one", 63000 + 5000),
        ("two", 63000 + 5000),
        ("two", 5000),
    ]


def test_a_time_learned_late_dates_what_was_measured_before():
    """The hub was met at the end of that boot only, just before the power went."""
    flash = Flash()
    first = _Boot(flash)
    first.measure(65)
    first.clock.learn("2026-03-01T12:00:00.000Z")
    first.box.learn(first.clock.anchor)
    second = _Boot(flash, "two")
    second.clock.learn("2026-03-01T13:00:00.000Z")
    assert second.deliver()[0][2]["age_ms"] == 3600000 + 65 * 2000


def test_times_of_a_hub_are_understood():
    """Leap years, parts of a second; what is no time is passed over."""
    for text, ms in (
        ("1970-01-01T00:00:00.000Z", 0),
        ("2000-02-29T23:59:59.999Z", 951868799999),
        ("2026-11-23T14:25:18.5Z", 1795443918500),
        ("2027-03-01T00:00:00Z", 1803859200000),
    ):
        assert parse_utc(text) == ms, text
    for bad in (None, 5, "", "2026-11-23 14:25:18", "2026-11-23T14:25:18+01:00", "abcd-11-23T14:25:18.000Z"):
        assert parse_utc(bad) is None, bad


def test_what_lies_on_the_flash_waits_while_memory_is_short():
    """Few readings go at once meanwhile, and those of now; what is written joins the rest, and afterwards
    all of it comes, once each and in order."""
    with Folder() as folder:
        boot = _Boot(Flash())
        boot.box = box = Outbox(256, SpillDoor(Disk(folder), "one", 8))
        boot.measure(200)
        on_flash = box.spilled
        assert on_flash >= 128
        box.brief = True
        parcel = box.parcel(100, boot.clock)
        assert parcel.block is None and parcel.count == 8 and not box.large
        box.done(parcel)
        box.put_aside(True)
        now = [reading["seq"] for _, _, reading in boot.deliver(100)]
        assert now == list(range(on_flash + 8, 200)) and box.spilled == len(box) == on_flash
        boot.measure(70)
        assert box.spilled == on_flash + 64 and box.parcel(100, boot.clock).count == 6
        box.release()
        box.put_aside(False)
        sent = [reading["seq"] for _, _, reading in boot.deliver(100)]
        assert sorted(sent) == list(range(on_flash)) + list(range(200, 270)) and not len(box)
