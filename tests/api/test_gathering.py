"""Probes are asked to gather readings where the hub needs it, for as long as it does, and no others are."""

import heapq
import json
import random
from collections import Counter

import pytest

from temphub_kernel.api.ingest import gathering
from temphub_kernel.api.ingest.gathering import CALM, LONGEST_MS, STEPS_MS, Gathering, Load, Meter, Spread
from temphub_kernel.core.clock import monotonic_s

BATCH = {"probe_id": "P-1", "boot": "a1", "readings": [{"seq": 1, "age_ms": 0, "temperature_c": 20.5}]}


class Fleet:
    """Probes that do as they are asked, and a hub that a delivery and a reading cost something. other: what
    else it does, of a core."""

    def __init__(self, probes, *, interval_s=2.0, request_ms=0.15, reading_ms=0.02, other=0.05):
        self.probes, self.interval_s, self.other = probes, interval_s, other
        self.request_ms, self.reading_ms = request_ms, reading_ms
        self.asking, self.at_s, self.asked, self.late_ms, self.core = Gathering(), 0.0, [], 0.0, 1.0

    def load(self):
        a_second = self.probes / max(self.interval_s, self.asking.every_ms / 1000)
        own = a_second * self.request_ms / 1000
        share = own + self.probes / self.interval_s * self.reading_ms / 1000 + self.other
        # No more than there is of a core, and then late.
        done = min(1.0, self.core / share)
        late_ms = self.late_ms + (200.0 if done < 1 else 0.0)
        return Load(self.at_s, share * done, own * done, late_ms, self.probes, a_second * done)

    def run(self, seconds):
        for _ in range(seconds):
            self.at_s += 1
            before = self.asking.every_ms
            if self.asking.look(self.load()) != before:
                self.asked.append(self.asking.every_ms)
        return self.load()


@pytest.mark.parametrize("probes", [1, 4, 60, 199])
def test_in_a_small_installation_none_is_asked(probes):
    """Whatever the hub's computer does beside it."""
    fleet = Fleet(probes, interval_s=0.5, other=0.9)
    fleet.late_ms = 500.0
    fleet.run(3600)
    assert not fleet.asked


def test_a_thousand_deliver_as_they_measure():
    """What is taken with ease is not gathered."""
    fleet = Fleet(1000)
    fleet.run(3600)
    assert not fleet.asked


def test_ten_thousand_gather_as_long_as_it_takes_and_no_longer():
    """Within ten seconds, in one step or two; a shorter one would be too much; and it stays as it is."""
    fleet = Fleet(10_000)
    assert fleet.run(10).share <= gathering.BUSY
    asked = fleet.asked[-1]
    assert len(fleet.asked) <= 2 and 4_000 <= asked < LONGEST_MS
    fleet.run(3 * 3600)
    shorter = max((one for one in STEPS_MS if one < fleet.asking.every_ms), default=2_000)
    own = fleet.load().own * fleet.asking.every_ms / shorter
    assert fleet.load().share - fleet.load().own + own > CALM
    # Three hours: it was not tried again and again.
    assert len(fleet.asked) <= 8


def test_as_the_load_goes_so_does_it():
    """Probes that are switched off, or measure less often, let the others deliver as they measure."""
    fleet = Fleet(10_000)
    fleet.run(60)
    fleet.interval_s = 30.0
    fleet.run(1800)
    assert fleet.asking.every_ms == 0
    fleet.interval_s = 2.0
    fleet.run(30)
    assert fleet.asking.every_ms
    fleet.probes = 100
    fleet.run(2)
    assert fleet.asking.every_ms == 0


def test_what_else_keeps_the_hub_busy_costs_no_probe_anything():
    """Where deliveries are not what it is busy with, gathering would not help."""
    fleet = Fleet(500, request_ms=0.1, other=0.9)
    fleet.run(600)
    assert not fleet.asked


def test_a_computer_with_less_than_a_core_to_spare_asks_as_well():
    """The hub is late before it is busy where others take the computer."""
    fleet = Fleet(10_000)
    fleet.core = 0.5
    load = fleet.run(60)
    assert fleet.asked and load.share <= 0.5 and load.late_ms == 0


def test_one_busy_second_is_an_accident():
    """Nor is anything asked for it."""
    fleet = Fleet(1000)
    for _ in range(100):
        fleet.other, fleet.request_ms = 0.4, 0.8
        fleet.run(1)
        fleet.other, fleet.request_ms = 0.05, 0.15
        fleet.run(3)
    assert not fleet.asked


def test_where_connections_are_few_answers_may_close_them():
    """With more probes than may keep a connection they are asked, and it is not given up again."""
    asking = Gathering()
    for at_s in range(600):
        turned_away = 0 if asking.every_ms else 50
        asking.look(Load(float(at_s), 0.1, 0.05, 0.0, 190 if turned_away else 5_000, 90.0, turned_away, 200))
    assert asking.every_ms == STEPS_MS[0]


def test_for_a_while_some_probes_still_keep_to_what_was_asked_before():
    """Nobody is held to be late for doing what he was told."""
    asking = Gathering(fewest=0)
    asking.recall(30_000, 2_000.0, 0.0)
    asked = [(at_s, asking.look(Load(float(at_s), 0.2, 0.1, 0.0, 900, 30.0))) for at_s in range(100)]
    lowered_s = next(at_s for at_s, every_ms in asked if every_ms < 30_000)
    assert asking.within_ms(lowered_s + 29.0) == 30_000
    assert asking.within_ms(lowered_s + 40.0) < 30_000


def test_a_restart_goes_on_with_what_was_asked():
    """Ten thousand probes would else come one by one, all at once."""
    fleet = Fleet(10_000)
    fleet.run(60)
    kept, again = gathering.note(fleet.asking), Gathering()
    gathering.recalled(again, gathering.now_ms(), json.loads(json.dumps(kept)))
    assert again.every_ms == fleet.asking.every_ms > 0
    for old_or_odd in ((0, kept), (gathering.now_ms(), {}), (gathering.now_ms(), {"deliver_every_ms": "x"})):
        fresh = Gathering()
        gathering.recalled(fresh, *old_or_odd)
        assert fresh.every_ms == 0


def test_who_has_gone_is_counted_no_more():
    """Names are counted by whom they were heard of lately."""
    meter, now = Meter(), monotonic_s()
    for number in range(300):
        meter.heard(f"P-{number}")
        meter.heard(f"P-{number}")
    assert meter.names(now) == 300 and meter.deliveries == 600
    assert meter.names(now + 50) == 300
    meter.heard("P-1")
    assert meter.names(now + 100) == 1


def asks(every_ms):
    asking = Gathering(fewest=0)
    asking.recall(every_ms, 2_000.0, monotonic_s())
    return asking


@pytest.mark.parametrize("every_ms", [0, 20_000])
def test_a_plain_probe_is_answered_as_ever(make_hub, every_ms):
    """Byte for byte, whatever others are asked for; who counts readings is asked."""
    hub = make_hub(gathering=asks(every_ms))
    for body in ({"temperature_c": 23.8, "probe_id": "TempProbe-0096"}, {"temperature_c": 23.8}):
        status, headers, text = hub.whole("POST", "/api/ingest", body)
        assert (status, text) == (200, b'{"ok":true}')
        assert sorted(headers) == [
            "Cache-Control",
            "Content-Length",
            "Content-Type",
            "X-Content-Type-Options",
        ]
    assert hub.whole("GET", "/api/ingest?temperature_c=22.3&probe_id=adhoc")[2] == b'{"ok":true}'
    lone = {"probe_id": "P-2", "temperature_c": 20.5, "boot": "a1", "seq": 1}
    for body in (BATCH, lone):
        answer = hub.ask("POST", "/api/ingest", body)[1]
        assert answer.pop("deliver_every_ms", 0) == every_ms
        assert answer["stored"] == 1 and set(answer) == {"ok", "stored", "duplicates", "time"}


def test_who_comes_in_one_moment_is_spread():
    """After an outage all ten thousand come within a second, each time that they have gathered; in two
    minutes they are spread so that no half second has twice its share, and then nearly all keep their own
    time."""
    asking = Gathering()
    asking.recall(30_000, 2_000.0, 0.0)
    asking.load = Load(0.0, 0.5, 0.2, 0.0, 10_000, 333.0)
    spread = Spread(asking, random.Random(7))
    due = [(10.0 + number / 10_000, number) for number in range(10_000)]
    came, told = Counter(), Counter()
    while due[0][0] < 190:
        at_s, number = heapq.heappop(due)
        every_ms = spread.asks(at_s)
        assert 15_000 <= every_ms <= 30_000
        came[int(at_s * 2)] += 1
        told[every_ms == 30_000] += at_s >= 160
        heapq.heappush(due, (at_s + every_ms / 1000, number))
    evenly = 10_000 / 60
    assert came[20] > 10 * evenly
    assert max(many for half_s, many in came.items() if half_s >= 240) < 2 * evenly
    assert told[False] < told[True] / 500


def test_a_shorter_time_is_none_that_no_probe_is_asked_for():
    """Whoever gathers for 4 s, the shortest time, is not told a shorter one; and few are too many never."""
    asking = Gathering(fewest=0)
    asking.recall(4_000, 2_000.0, 0.0)
    assert {Spread(asking).asks(1.0) for _ in range(1_000)} == {4_000}
    asking.recall(30_000, 2_000.0, 0.0)
    one = Spread(asking)
    assert [one.asks(1.0) for _ in range(gathering.FEW)] == [30_000] * gathering.FEW
