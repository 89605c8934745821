"""Readings are dated by their probe's own count, however long each delivery was under way."""

import json
import math
import random
import socket
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from support.ports import free_port
from support.waiting import wait_for
from temphub_kernel.api.plausibility import NewNames
from temphub_kernel.api.timestamps import DRIFT, MAX_BOOTS, Transit
from temphub_kernel.core.clock import monotonic_s
from temphub_kernel.journal import Reader


def taken(transit, sent_ms, now_ms, *ages_ms):
    """The moments of a delivery of the probe p."""
    return moments(transit, "p", "b", sent_ms, ages_ms or (0,), now_ms)


def moments(transit, probe_id, boot, sent_ms, ages_ms, now_ms):
    """The moments of any delivery."""
    return transit.moments(probe_id, boot, sent_ms, np.array(ages_ms), now_ms).tolist()


def test_a_batch_that_was_held_back_is_recognised():
    """A batch that TCP delivered a minute late is dated as if it had come at once."""
    transit = Transit()
    assert taken(transit, 1_000, 500_000) == [500_000]
    assert taken(transit, 3_000, 502_040) == pytest.approx([502_000], abs=1)
    assert taken(transit, 5_000, 564_000, 0, 1_500) == pytest.approx([504_000, 502_500], abs=20)
    assert taken(transit, 66_000, 565_000) == [565_000]


def test_readings_keep_the_probes_own_distances():
    """Deliveries that took between nothing and a second and a half leave no trace in the times of
    readings."""
    transit, chance = Transit(), random.Random(1)
    taken(transit, 0, 1_000)
    moments = [
        taken(transit, count, 1_000 + count + chance.randrange(1_500))[0]
        for count in range(500, 300_000, 500)
    ]
    assert all(b - a == pytest.approx(500, abs=1 + 300_000 * DRIFT) for a, b in pairwise(moments))


def test_what_a_probe_said_before_its_first_delivery_dates_it():
    """A hub that has just started answers the first delivery late: a hello or /status that was quicker tells
    by how much."""
    transit = Transit()
    transit.hear("p", "b", 10_000, 700_030)
    assert taken(transit, 12_000, 704_500, 100) == pytest.approx([701_930], abs=2)
    assert moments(transit, "p:28ff", "b", 12_000, [100], 704_900) == pytest.approx([701_930], abs=2)
    # Of another start or another probe it says nothing.
    assert moments(transit, "p", "c", 12_000, [100], 704_900) == [704_800]
    assert moments(transit, "q", "b", 12_000, [100], 704_900) == [704_800]


def test_a_first_delivery_that_was_late_turns_no_order_round():
    """What was measured while the first delivery was under way for two seconds lies behind it, and what
    follows is right."""
    transit = Transit()
    (first,) = taken(transit, 0, 102_000)
    held = taken(transit, 2_010, 102_020, 1_510, 1_010, 510, 10)
    assert first == 102_000
    assert all(b - a >= 1 for a, b in pairwise([first, *held])) and held[-1] <= 102_020
    assert taken(transit, 2_500, 102_530) == pytest.approx([102_510], abs=1)


def test_a_backlog_after_a_late_first_delivery_takes_its_place():
    """A first delivery came late, then the network was away: what was measured meanwhile lies between, though
    it comes last."""
    transit = Transit()
    (first,) = taken(transit, 0, 102_000)
    (newest,) = taken(transit, 60_000, 160_005)
    backlog = taken(transit, 60_100, 160_100, *range(59_600, 100, -500))
    assert first < backlog[0] and backlog[-1] < newest
    assert all(b > a for a, b in pairwise(backlog))


def test_a_reading_that_comes_after_an_hour_stays_before_what_followed_it():
    """The longer nothing quick was heard, the less is known of the crystal; that moves no reading past one
    that was taken later."""
    transit = Transit()
    taken(transit, 0, 1_000)
    (later,) = taken(transit, 10_000, 11_000)
    assert (
        taken(transit, 3_610_000, 3_613_000, 3_600_500) == [pytest.approx(10_750, abs=250)]
        and later == 11_000
    )


def test_what_was_far_too_late_is_one_reading_out_of_place():
    """A first delivery that the network held for a minute does not draw what follows out of its place."""
    transit = Transit()
    taken(transit, 0, 160_000)
    assert taken(transit, 60_500, 160_510, *range(60_000, -1, -500)) == pytest.approx(
        [100_010 + ms for ms in range(500, 60_501, 500)]
    )


def test_a_crystal_that_runs_slow_or_fast_is_no_delay():
    """Weeks of a probe's clock drifting by 100 ppm against the hub's never date a reading wrongly."""
    for drift in (0.9999, 1.0001):
        transit = Transit()
        for n in range(0, 30 * 24 * 60):
            now = n * 60_000
            (moment,) = taken(transit, round(now * drift), now + random.Random(n).randrange(300))
            assert -20 <= moment - now <= 300


def test_a_count_that_begins_anew_is_no_delay():
    """When a probe's count wraps, its next batch is the new measure."""
    transit = Transit()
    taken(transit, 2**30 - 10, 1_000)
    assert taken(transit, 10, 2_000) == [2_000]
    assert taken(transit, 1_010, 33_000) == pytest.approx([3_000], abs=10)


def test_memory_is_bounded():
    """A stranger who invents boots cannot grow the hub, nor take a probe's measure away that still
    delivers."""
    transit = Transit()
    taken(transit, 0, 0)
    for n in range(MAX_BOOTS * 2):
        transit.hear("stranger", str(n), 0, n)
        if n % 1000 == 0:
            # Since the last that came at once a crystal may have gone wrong.
            assert taken(transit, n, n + 1_000) == pytest.approx([n], abs=2 + n * DRIFT)
    assert len(transit._counts) == MAX_BOOTS


class Probe:
    """A probe that measures by its own crystal, and brings what waits to a hub over a network that holds
    back."""

    def __init__(self, seed, error, interval_ms, slow_ms):
        self.chance = random.Random(seed)
        self.error, self.interval_ms, self.slow_ms = error, interval_ms, slow_ms
        self.now = self.measured = 0.0
        self.waiting = []

    def count(self):
        return round(self.now * (1 + self.error))

    def wait(self, ms):
        self.now += ms
        while self.measured + self.interval_ms <= self.now:
            self.measured += self.interval_ms
            self.waiting.append((round(self.measured * (1 + self.error)), self.measured))

    def delay(self):
        """Mostly quick; now and then a second more, or an outage of some minutes."""
        quick = self.chance.expovariate(1 / self.slow_ms)
        return (
            quick
            + self.chance.choices(
                [0, self.chance.uniform(0, 1_500), self.chance.uniform(0, 300_000)], [90, 8, 2]
            )[0]
        )

    def deliver(self, transit, delay):
        """[(count, when it was really measured, when it is said to have been)] of what waits: the newest
        first, or all of it."""
        if not self.waiting:
            self.wait(self.interval_ms)
        batch = self.waiting if self.chance.random() < 0.7 else self.waiting[-1:]
        self.waiting = self.waiting[: -len(batch)]
        sent, self.took = self.count(), delay
        self.wait(delay)
        dated = moments(transit, "p", "b", sent, [sent - count for count, _ in batch], self.now)
        return [(count, true, said) for (count, true), said in zip(batch, dated, strict=True)]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.floats(-1e-4, 1e-4),
    st.sampled_from([500, 2_000, 60_000]),
    st.sampled_from([5, 50, 300]),
    st.integers(0, 4_000),
)
def test_any_network_leaves_order_and_place(seed, error, interval_ms, slow_ms, late_ms):
    """Whatever the network holds back, and however late a hub answers that starts anew: its readings stay in
    the order in which they were measured, none is dated after it came or much before it was measured, and
    soon all are in their place."""
    probe = Probe(seed, error, interval_ms, slow_ms)
    for _hub in range(4):
        transit, dated, quickest, before = Transit(), [], math.inf, probe.now
        for n in range(100):
            delivered = probe.deliver(transit, late_ms if n == 0 else probe.delay())
            quickest, before = (
                min(quickest + (probe.now - before) * (DRIFT + abs(error)), probe.took),
                probe.now,
            )
            dated += delivered
            for _, true, said in delivered:
                drifted = (probe.now - true) * (DRIFT + abs(error)) + 2
                assert true - drifted <= said <= probe.now
                # After the first ones, which nothing quick may have come before.
                assert n < 50 or said - true <= quickest + drifted
        dated.sort()
        assert all(a[2] <= b[2] for a, b in pairwise(dated))


def test_what_anybody_may_have_made_up_moves_nothing():
    """Where a count is said to stand by a device that proves nothing matters for the first delivery only."""
    transit = Transit()
    taken(transit, 10_000, 700_000)
    transit.begin("p", "b", 900_000, 700_100)
    assert taken(transit, 12_000, 702_000) == pytest.approx([702_000], abs=1)


def first_taken(hub):
    """(received − taken) of the first reading in the journal, in ms."""

    def points():
        with Reader(hub.journal) as reader:
            return reader.after(0, 10)

    first = wait_for(points)[0]
    return first.received_ms - first.taken_ms


def test_a_hello_dates_the_first_delivery(hub):
    """A probe called home; three seconds' worth of its count later its first delivery, four seconds old by
    its count, is dated so."""
    hello = {"id": "p", "port": 80, "boot": "b", "sent_ms": 60_000}
    assert hub.ask("POST", "/api/hello", hello)[0] == 200
    batch = {
        "probe_id": "p",
        "boot": "b",
        "sent_ms": 57_000,
        "readings": [{"seq": 0, "age_ms": 1_000, "temperature_c": 1.0}],
    }
    assert hub.ask("POST", "/api/ingest", batch)[0] == 200
    assert 4_000 <= first_taken(hub) < 6_000


def test_a_status_dates_the_first_delivery(hub):
    """The same by what the provisioner heard from the probe's /status."""
    hub.endpoint.heard("p", "b", 60_000, monotonic_s())
    batch = {
        "probe_id": "p",
        "boot": "b",
        "sent_ms": 57_000,
        "readings": [{"seq": 0, "age_ms": 1_000, "temperature_c": 1.0}],
    }
    assert hub.ask("POST", "/api/ingest", batch)[0] == 200
    assert 4_000 <= first_taken(hub) < 6_000


def test_nobody_is_let_in_before_the_hub_can_answer(make_hub):
    """What waits at the door of a hub that still reads its journal would be dated too late: the port opens
    after that."""

    class Names(NewNames):
        def recall(self, reader):
            with pytest.raises(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
            tried.append(port)

    port, tried = free_port(), []
    make_hub(names=Names(), port=port)
    assert tried == [port]


def test_a_held_back_batch_is_dated_when_it_was_taken(hub):
    """The readings of a batch that was under way for minutes stand in history where they were taken."""

    def post(seq, sent_ms):
        batch = {
            "probe_id": "p",
            "boot": "b",
            "sent_ms": sent_ms,
            "readings": [{"seq": seq, "age_ms": 0, "temperature_c": 1.0}],
        }
        status, answer = hub.ask("POST", "/api/ingest", json.dumps(batch).encode())
        assert (status, answer["stored"]) == (200, 1)

    post(0, 1_000_000)
    post(1, 1_000_000 - 300_000)

    def points():
        with Reader(hub.journal) as reader:
            return reader.after(0, 10)

    first, second = wait_for(lambda: len(points()) == 2 and points())
    assert first.taken_ms - second.taken_ms == pytest.approx(300_000, abs=2_000)
