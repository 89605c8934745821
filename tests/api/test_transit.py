"""Batches that the network held back."""

import json
import random

import pytest

from support.waiting import wait_for
from temphub_kernel.api.transit import MAX_BOOTS, Transit
from temphub_kernel.journal import Reader


def test_a_batch_that_was_held_back_is_recognised():
    """A batch that TCP delivered a minute late is known to have been under way for that minute."""
    transit = Transit()
    assert transit.delay_ms("p", "b", 1_000, 500_000) == 0
    assert transit.delay_ms("p", "b", 3_000, 502_040) == 0
    assert transit.delay_ms("p", "b", 5_000, 564_000) == pytest.approx(60_000, abs=100)
    assert transit.delay_ms("p", "b", 66_000, 565_000) == 0


def test_a_crystal_that_runs_slow_or_fast_is_no_delay():
    """Weeks of a probe's clock drifting by 100 ppm against the hub's never look like a delay."""
    for drift in (0.9999, 1.0001):
        transit = Transit()
        for n in range(0, 30 * 24 * 60):
            now = n * 60_000
            assert transit.delay_ms("p", "b", round(now * drift), now + random.Random(n).randrange(300)) == 0


def test_a_count_that_begins_anew_is_no_delay():
    """When a probe's count wraps, its next batch is the new measure."""
    transit = Transit()
    transit.delay_ms("p", "b", 2**30 - 10, 1_000)
    assert transit.delay_ms("p", "b", 10, 2_000) == 0
    assert transit.delay_ms("p", "b", 1_010, 33_000) == pytest.approx(30_000, abs=100)


def test_memory_is_bounded():
    """A stranger who invents boots cannot grow the hub."""
    transit = Transit()
    for n in range(MAX_BOOTS * 2):
        transit.delay_ms("p", str(n), 0, n)
    assert len(transit._quickest) == MAX_BOOTS


def test_a_held_back_batch_is_dated_when_it_was_taken(hub):
    """The readings of a batch that was under way for minutes stand in history where they were taken."""

    def post(seq, sent_ms):
        batch = {"probe_id": "p", "boot": "b", "sent_ms": sent_ms, "readings": [{"seq": seq, "age_ms": 0, "temperature_c": 1.0}]}
        status, answer = hub.ask("POST", "/api/ingest", json.dumps(batch).encode())
        assert (status, answer["stored"]) == (200, 1)

    post(0, 1_000_000)
    post(1, 1_000_000 - 300_000)

    def points():
        with Reader(hub.journal) as reader:
            return reader.after(0, 10)

    first, second = wait_for(lambda: len(points()) == 2 and points())
    assert first.taken_ms - second.taken_ms == pytest.approx(300_000, abs=2_000)
