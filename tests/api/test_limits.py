"""Clients that take too much: they get less, the others go on as if nothing were."""

import itertools
import socket

from support.attacks import ATTACKER, Flood, Loris, Mad, Poster, connect
from support.waiting import wait_for
from temphub_kernel.api.access import rate_limit, tarpit
from temphub_kernel.api.access.rate_limit import BUSY, FLOOR, FairShare, Gate

OTHERS = 6


def among_others(hub, attacks, enough):
    """An attack beside six probes that deliver: each of them must have been served many times, and never
    refused."""
    probes = [Poster(hub.port, f"probe-{number}", 0.1) for number in range(OTHERS)]
    clients = [*attacks, *probes]
    for client in clients:
        client.start()
    try:
        wait_for(enough, 60)
        before = [probe.answers[200] for probe in probes]
        wait_for(
            lambda: all(probe.answers[200] >= n + 10 for probe, n in zip(probes, before, strict=True)), 60
        )
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.stop()
    assert [set(probe.answers) for probe in probes] == [{200}] * OTHERS
    assert hub.ask("GET", "/api/health")[0] == 200


def test_500_silent_connections_delay_nobody(hub):
    """While one address holds 500 connections and says almost nothing ("slow loris"), the probes' readings
    are acknowledged."""
    loris = Loris(hub.port)
    among_others(hub, [loris], lambda: loris.answers["opened"] >= Loris.MOST and loris.answers["rounds"] > 3)


def test_a_flood_from_one_address_stops_nobody(hub):
    """While one address opens connection after connection as fast as it can, the probes' readings are
    acknowledged."""
    floods = [Flood(hub.port) for _ in range(3)]
    among_others(hub, floods, lambda: sum(flood.answers["sent"] for flood in floods) > 1500)


def test_a_probe_gone_mad_gets_its_share(make_hub):
    """A probe that delivers on many connections as fast as it can is told 429 and when to come again; the
    others are never refused."""
    # What counts as busy is set low: the machine of this test may do much else.
    hub = make_hub(gate=Gate(busy=60))
    mad = Mad(hub.port)
    among_others(hub, [mad], lambda: mad.answers[429] > 20)
    assert mad.retry_after == {"1"} and set(mad.answers) <= {200, 429}


def test_a_share_is_twice_an_equal_part(monkeypatch):
    """A lone client may take all there is, equal clients are never refused, one among many gets twice an
    equal share."""
    clock = itertools.count()
    monkeypatch.setattr(rate_limit, "monotonic_s", lambda: next(clock) * 1e-5 + 100.0)
    alone = FairShare()
    assert not any(alone.over("a") for _ in range(10 * BUSY))
    equal = FairShare()
    assert not any(equal.over(f"p{n % 8}") for n in range(10 * BUSY))
    beside = FairShare(least=4)
    assert not beside.over("other")
    assert all([beside.over("flood") for _ in range(10 * BUSY)][BUSY:]) and not beside.over("other")
    limited = FairShare(least=4, alone=False)
    assert all([limited.over("flood") for _ in range(10 * BUSY)][BUSY:])
    mixed = FairShare()
    for number in range(10):
        assert not mixed.over(f"p{number}")
    refused = [mixed.over("mad") for _ in range(10 * BUSY)]
    assert not any(refused[: BUSY - 10]) and all(refused[BUSY:])
    assert not any(mixed.over(f"p{n % 10}") for n in range(10 * FLOOR - 10))


def test_a_crowd_that_is_refused_is_answered_one_by_one(monkeypatch):
    """Hundreds that are refused in one moment do not come back in one moment; a single one waits a second."""
    now = [100.0]
    monkeypatch.setattr(tarpit, "monotonic_s", lambda: now[0])
    crowd = FairShare()
    waits = [crowd.wait_s() for _ in range(800)]
    assert waits[0] == rate_limit.PAUSE_S and waits[-1] < 4 * rate_limit.PAUSE_S
    in_each = [sum(start <= wait < start + 0.05 for wait in waits) for start in (1.0, 1.5, 2.0, 2.5)]
    assert all(19 <= number <= 21 for number in in_each)
    now[0] += 60
    assert crowd.wait_s() == rate_limit.PAUSE_S


def test_the_count_of_clients_is_bounded(monkeypatch):
    """However many names a client invents, what is remembered of a second stays small."""
    monkeypatch.setattr(rate_limit, "monotonic_s", lambda: 100.0)
    crowd = FairShare()
    for number in range(3 * rate_limit.MOST_KEYS):
        crowd.over(f"p{number}")
    assert len(crowd._counts) == rate_limit.MOST_KEYS


def test_a_silent_connection_is_closed(make_hub):
    """Who connects and says nothing, or only half a request, is let go; who has spoken once may stay."""
    hub = make_hub(gate=Gate(head_s=2.0))
    with connect(hub.port) as spoken, connect(hub.port) as silent, connect(hub.port) as half:
        half.sendall(b"GET /api/health HTTP/1.1\r\n")
        spoken.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert spoken.recv(20).startswith(b"HTTP/1.1 200")
        assert silent.recv(1) == b"" and half.recv(1) == b""
        spoken.recv(65536)
        spoken.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert spoken.recv(20).startswith(b"HTTP/1.1 200")


def test_one_address_takes_its_own_places_only(make_hub):
    """Connections beyond the limit of one address are closed at once; another address still gets in; places
    that are given back are there again."""
    hub = make_hub(gate=Gate(most=40, most_each=10))
    held = [connect(hub.port) for _ in range(25)]
    try:
        gone = wait_for(
            lambda: [one for one in held if _closed(one)] if sum(map(_closed, held)) >= 15 else None
        )
        assert len(gone) == 15
        assert hub.ask("GET", "/api/health")[0] == 200
    finally:
        for one in held:
            one.close()
    wait_for(lambda: _answers(hub.port))


def test_this_computer_itself_is_not_counted(make_hub):
    """Any number of programs of this computer may be connected, so that its own supervisor always gets an
    answer."""
    hub = make_hub(gate=Gate(most=40, most_each=10, busy=5))
    held = [connect(hub.port, "127.0.0.1") for _ in range(25)]
    try:
        for number in range(60):
            assert hub.ask("GET", "/api/health")[0] == 200, number
        assert not any(map(_closed, held))
    finally:
        for one in held:
            one.close()


def test_when_all_places_are_taken_the_silent_make_room(make_hub):
    """When every place is taken by strangers that say nothing, a probe that comes is served all the same."""
    hub = make_hub(gate=Gate(most=20, most_each=10))
    held = [connect(hub.port, f"127.0.0.{number}") for number in (2, 3, 4) for _ in range(10)]
    try:
        for _ in range(30):
            assert hub.ask("POST", "/api/ingest", {"temperature_c": 1}) == (200, {"ok": True})
    finally:
        for one in held:
            one.close()


def _closed(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _answers(port: int) -> bool:
    with connect(port, ATTACKER) as one:
        one.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return one.recv(20).startswith(b"HTTP/1.1 200")
        except OSError:
            return False
