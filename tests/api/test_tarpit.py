"""Whoever is refused again and again waits for the answer; whoever delivers does not."""

import itertools
import json
from contextlib import closing

import psutil
import pytest

from support.attacks import ATTACKER, connect
from support.waiting import wait_for
from temphub_kernel.api.access import tarpit
from temphub_kernel.api.access.tarpit import EACH_S, FREE, HOLD_S, LONGEST_S, MOST_TRACKED, Tarpit
from temphub_kernel.core.clock import monotonic_s

SECRET = "s3cret-Token"
# Longer than a test lasts: what is held does not come.
FOREVER_S = 9.0
# The guard refuses the one, its handler the other.
WAYS = [("GET", "/api/probes"), ("POST", "/api/describe")]


@pytest.fixture
def clock(monkeypatch):
    """Stands still but for what a test adds to its only item."""
    now = [1000.0]
    monkeypatch.setattr(tarpit, "monotonic_s", lambda: now[0])
    return now


class Noting(Tarpit):
    """Notes whose answers it holds."""

    def __init__(self):
        super().__init__(free=0, hold_s=FOREVER_S)
        self.holds = []

    def hold_s(self, place):
        self.holds.append(place)
        return super().hold_s(place)


@pytest.fixture
def held():
    return Noting()


@pytest.fixture
def guarded(make_hub, held):
    """Each refusal is held."""
    return make_hub(token=SECRET, environ={"UI_PASSWORD": SECRET}, tarpit=held)


def send(client, method, path, body, **headers):
    raw = json.dumps(body).encode() if method == "POST" else b""
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(raw)}"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    client.sendall("\r\n".join([*head, "", ""]).encode() + raw)


def status_of(client):
    """Of the answer that is there."""
    return int(client.recv(65536).split()[1])


def test_a_person_notices_nothing_and_a_crowd_is_answered_one_by_one(clock):
    """The first refusals of an address come at once, and so do those of one that asks once a second; what is
    more waits for a second and more, each for its own moment, and other addresses are not concerned."""
    held = Tarpit()
    assert [held.hold_s("crowd") for _ in range(FREE)] == [0.0] * FREE
    waits = [held.hold_s("crowd") for _ in range(20)]
    assert waits[0] == HOLD_S and all(
        later - earlier == pytest.approx(EACH_S) for earlier, later in itertools.pairwise(waits)
    )
    for _ in range(100):
        clock[0] += 1
        assert held.hold_s("person") == 0.0
    clock[0] += FREE
    assert held.hold_s("crowd") == 0.0


def test_what_is_held_has_an_end(clock):
    """However many are refused, and leave before they are told, nobody waits for longer than some seconds,
    and memory has an end."""
    held = Tarpit(free=0)
    assert max(held.hold_s(f"10.0.{n // 250}.{n % 250}") for n in range(5 * MOST_TRACKED)) == LONGEST_S
    assert len(held._counts) == MOST_TRACKED


@pytest.mark.parametrize(("method", "path"), WAYS)
def test_a_guesser_waits_while_the_same_computer_delivers(guarded, held, method, path):
    """While the answer is held, readings from the same address are acknowledged, and what is wrong with
    a delivery or a hello is told at once."""
    with closing(connect(guarded.port)) as guesser, closing(connect(guarded.port)) as probe:
        send(guesser, method, path, {}, X_Token="guess")
        wait_for(lambda: held.holds)
        began = monotonic_s()
        for number in range(5):
            reading = {"temperature_c": 20.0, "probe_id": "p"}
            send(probe, "POST", "/api/ingest", reading, X_Token=SECRET)
            assert status_of(probe) == 200
            send(probe, "POST", "/api/ingest", reading, X_Token=f"wrong {number}")
            assert status_of(probe) == 401
            send(probe, "POST", "/api/hello", {"id": "p", "port": 80}, X_Token=f"wrong {number}")
            assert status_of(probe) == 401
        assert monotonic_s() - began < FOREVER_S and held.holds == [ATTACKER]
        guesser.setblocking(False)
        with pytest.raises(BlockingIOError):
            guesser.recv(65536)


@pytest.mark.parametrize(("method", "path"), WAYS)
def test_who_leaves_is_forgotten(guarded, held, method, path):
    """Nothing is kept of an answer for somebody who does not wait for it."""
    own = psutil.Process()
    before = len(own.net_connections())
    with closing(connect(guarded.port)) as client:
        send(client, method, path, {}, X_Token="guess")
        wait_for(lambda: held.holds)
        assert len(own.net_connections()) == before + 2
    wait_for(lambda: len(own.net_connections()) == before, FOREVER_S / 2)


def test_what_is_held_comes_in_the_end(make_hub):
    """The answer is the same as ever, and the connection goes on after it."""
    hub = make_hub(token=SECRET, tarpit=Tarpit(free=0, hold_s=0.05))
    with closing(connect(hub.port)) as client:
        for _ in range(3):
            began = monotonic_s()
            send(client, "POST", "/api/describe", {}, X_Token="guess")
            assert status_of(client) == 401 and monotonic_s() - began >= 0.05
