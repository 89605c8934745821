"""Days of operation in simulated time: the real sampler's state, outbox, spill and delivery; only the wires
and the hours are made up."""

import asyncio
import datetime
import json
import random

import pytest

from probe.client import Unreachable
from probe.clock import Clock
from probe.delivery import Delivery
from probe.outbox import Outbox
from probe.reading import dumps
from probe.settings import Settings
from probe.spill import Spill
from probe.spill_disk import Disk
from probe.state import State
from probe_harness import Ticks, identity, units, waiting, wrapping_diff

START_MS = 1_795_000_000_000
FOR_GOOD_MS = 10**12


class _World:
    """The true time, and a hub behind a network that comes and goes; a reply may be lost after the hub has
    stored the batch."""

    def __init__(self, seed, away):
        self.now_ms = 0
        self.chance = random.Random(seed)
        self._away = away
        self._up = True
        self._until = 0
        self.stored = {}
        self.batches = 0

    def up(self):
        """Whether the network works now."""
        while self.now_ms >= self._until:
            self._up = not self._up
            longest = self._away[0] if self._up else self._away[1]
            self._until += int(self.chance.uniform(0.05, 1) * longest)
        return self._up

    async def post(self, url, path, body, token):
        """As probe.client.Client."""
        if not self.up():
            raise Unreachable("no network")
        time = datetime.datetime.fromtimestamp((START_MS + self.now_ms) / 1000, datetime.timezone.utc)
        reply = {"ok": True, "time": time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"}
        if path == "/api/hello":
            return 200, reply
        self.batches += 1
        body = json.loads(body if isinstance(body, bytes) else dumps(body))
        readings = body.get("readings") or [body]
        for reading in readings:
            key = (body["probe_id"], body["boot"], reading["seq"])
            taken = None if reading.get("age_unknown") else self.now_ms - reading["age_ms"]
            self.stored.setdefault(key, (taken, reading["temperature_c"]))
        # Not in the good weather of the end: the very last reply would leave its reading in the outbox.
        if self.chance.random() < 0.05 and self._until < FOR_GOOD_MS:
            raise Unreachable("the reply was lost")
        reply["stored"] = len(readings)
        return 200, reply


class _Probe:
    """One boot of the probe in `folder`."""

    def __init__(self, folder, world, boot, files):
        self.world = world
        self.boot = boot
        # The ticks wrap within the first hour.
        self.ticks = Ticks(2**30 - 1_000_000)
        who = identity()
        who["boot"] = boot
        outbox = Outbox(1000, Spill(Disk(folder), boot, files))
        settings = Settings(folder, {"server_url": "http://10.0.0.1:8088"})
        self.state = State(who, settings, outbox, Clock(self.ticks, wrapping_diff), lambda line: None)
        self.delivery = Delivery(self.state, world, 30)
        self._again_ms = 0
        self._seq = 0
        self.deepest = 0

    async def live(self, rounds, step_ms, sensors, truth):
        """Measure so many rounds, delivering as the pauses allow."""
        for seq in range(self._seq, self._seq + rounds):
            readings = [(number, units((seq * 7 + number) % 1600 / 16), None) for number in range(sensors)]
            self.state.record_round(readings)
            for number, value, _ in readings:
                truth[(self.state.probe_id(number), self.boot, seq)] = (self.world.now_ms, value)
            self.deepest = max(self.deepest, len(self.state.outbox))
            while self.world.now_ms >= self._again_ms:
                pause_s = await self.delivery.step()
                if pause_s is None:
                    break
                self._again_ms = self.world.now_ms + pause_s * 1000
            self.world.now_ms += step_ms
            self.ticks.forward(step_ms)
        self._seq += rounds


def _check(world, truth, lost=()):
    missing = set(truth) - set(world.stored) - set(lost)
    assert not missing and len(world.stored) == len(truth) - len(lost)
    for key, (taken, celsius) in world.stored.items():
        assert taken == truth[key][0] and units(celsius) == truth[key][1], key


@pytest.mark.parametrize(
    ("step_ms", "sensors", "away"), [(2000, 1, (1_800_000, 5_400_000)), (60_000, 3, (7_200_000, 14_400_000))]
)
def test_a_day_with_a_network_that_drops_at_random(tmp_path, step_ms, sensors, away):
    """24 hours, the network gone most of the time for up to hours, replies lost: every reading arrives once,
    in its place in time."""
    world = _World(7, away)
    truth = {}
    probe = _Probe(str(tmp_path), world, "a1b2c3d4", 54)
    probe.state.roster.number("cs1")
    for key in ("cs2", "cs3"):
        probe.state.roster.number(key)
    asyncio.run(probe.live(86_400_000 // step_ms, step_ms, sensors, truth))
    world._up, world._until = True, FOR_GOOD_MS
    asyncio.run(probe.live(60, step_ms, sensors, truth))
    _check(world, truth)
    assert len(truth) == (86_400_000 // step_ms + 60) * sensors and probe.deepest > 500
    assert len(probe.state.outbox) == 0 and probe.state.dropped == 0 and probe.state.outbox.thinned == 0
    assert not list(tmp_path.glob("outbox.*"))


def test_power_cuts_in_between_cost_what_was_in_ram_only(tmp_path):
    """Five starts in a day: what reached the flash arrives under its own boot, dated exactly, as each boot
    heard the time once."""
    world = _World(3, (1_800_000, 3_600_000))
    truth, lost = {}, set()
    for number in range(5):
        probe = _Probe(str(tmp_path), world, f"boot{number}", 54)
        # The hub is met at the start of each boot, which tells the time; then the network does as it likes.
        world._up, world._until = True, world.now_ms + 10_000
        asyncio.run(probe.live(8000, 2000, 1, truth))
        if number < 4:
            ram = waiting(probe.state.outbox, 1000, 0)
            lost |= {("TempProbe-0A01", probe.boot, reading["seq"]) for reading in ram} - set(world.stored)
            world.now_ms += 600_000
    world._up, world._until = True, FOR_GOOD_MS
    asyncio.run(probe.live(60, 2000, 1, truth))
    lost -= set(world.stored)
    assert len(lost) < 4 * 64
    _check(world, truth, lost)


def test_twenty_days_alone_then_everything_at_once(tmp_path):
    """One reading a minute, no network for 20 days: nothing thinned; the backlog is delivered within ten
    minutes."""
    world = _World(1, (1, FOR_GOOD_MS))
    world._up, world._until = False, FOR_GOOD_MS
    truth = {}
    probe = _Probe(str(tmp_path), world, "a1b2c3d4", 54)
    asyncio.run(probe.live(28_800, 60_000, 1, truth))
    assert len(probe.state.outbox) == 28_800 and probe.state.outbox.thinned == 0
    assert sum(path.stat().st_size for path in tmp_path.glob("outbox.*")) < 450_000
    world._up = True
    before = world.now_ms
    asyncio.run(probe.live(300, 2000, 1, truth))
    _check(world, truth)
    assert world.now_ms - before <= 600_000 and len(probe.state.outbox) == 0
