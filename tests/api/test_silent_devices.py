"""Devices that accept a connection and say nothing: they hold talks with devices, nothing else."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from support.endpoint import Hub
from support.waiting import wait_for
from temphub_kernel.api.background import MOST_OF_ONE, MOST_TALKS, TALKS
from temphub_kernel.core.clock import monotonic_s

PASSWORD = "correct horse"
TOO_MANY = 4


class Silence(Hub):
    """A hub each of whose orders goes to a device that takes the connection and never answers, until `quiet`
    is closed."""

    def __init__(self, *args, **more):
        self.quiet = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.talking = 0
        super().__init__(*args, **more)

    def provision(self, host, port, interval_ms):
        with socket.create_connection(self.quiet.getsockname(), timeout=30) as device:
            self.talking += 1
            with suppress(ConnectionResetError):
                assert device.recv(1) == b""
        return [
            {
                "probe_id": host,
                "ok": True,
                "ip": "10.0.0.5",
                "port": 80,
                "server_url": "http://h/api/ingest",
                "interval_ms": 2000,
            }
        ]


@pytest.fixture
def silence(data_dir):
    hub = Silence(data_dir, environ={"UI_PASSWORD": PASSWORD})
    yield hub
    hub.quiet.close()
    hub.stop()


def log_in(hub):
    """(status, headers with the session)."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{hub.port}"}
    status, reply, _ = hub.whole("POST", "/login", f"password={PASSWORD.replace(' ', '+')}".encode(), headers)
    return status, {"Cookie": reply.get("Set-Cookie", "").partition(";")[0]}


@pytest.mark.alone
def test_silent_devices_hold_up_nobody_else(silence):
    """While more devices than may be talked to say nothing, a login, a change and an export take no longer
    than before; what is too much is refused as busy with a time to try again, and all is taken again once the
    devices have let go."""
    hub = silence
    cookie = log_in(hub)[1]
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 1, "probe_id": "p"})[0] == 200
    with ThreadPoolExecutor(MOST_TALKS + TOO_MANY) as people:
        orders = range(MOST_TALKS + TOO_MANY)
        under_way = [
            people.submit(hub.ask, "POST", "/api/provision", {"host": f"10.0.0.{n}"}, cookie) for n in orders
        ]
        wait_for(lambda: hub.talking == TALKS and sum(one.done() for one in under_way) == TOO_MANY)
        began = monotonic_s()
        for _ in range(5):
            assert hub.ask("POST", "/api/describe", {"probe_id": "p", "alias": "F"}, cookie)[0] == 200
        assert hub.ask("GET", "/api/export?format=csv", headers=cookie)[0] == 200
        assert log_in(hub)[0] == 303
        assert monotonic_s() - began < 8
        status, headers, body = hub.whole("POST", "/api/trust", {"probe_id": "one-more"}, cookie)
        answer = json.loads(body)
        assert (
            (status, answer["error"]) == (503, "busy")
            and answer["remedy"].startswith("Try again")
            and int(headers["Retry-After"]) > 0
        )
        hub.quiet.close()
        # Those that had no thread yet find the device gone.
        answers = [one.result()[0] for one in under_way]
        assert answers.count(200) >= TALKS and answers.count(503) == TOO_MANY
    wait_for(
        lambda: hub.ask("POST", "/api/provision", {"host": "10.0.0.1"}, cookie)[1].get("error") != "busy"
    )


def test_one_silent_device_takes_few_of_the_places(silence):
    """However often a device that says nothing is given an order, other devices can be talked to."""
    hub = silence
    cookie = log_in(hub)[1]
    with ThreadPoolExecutor(MOST_OF_ONE + 1) as people:
        under_way = [
            people.submit(hub.ask, "POST", "/api/provision", {"host": "10.0.0.1"}, cookie)
            for _ in range(MOST_OF_ONE)
        ]
        wait_for(lambda: hub.talking == MOST_OF_ONE)
        status, answer = hub.ask("POST", "/api/provision", {"host": "10.0.0.1"}, cookie)
        assert (status, answer["error"]) == (503, "busy") and "10.0.0.1" in answer["problem"]
        under_way.append(people.submit(hub.ask, "POST", "/api/provision", {"host": "10.0.0.2"}, cookie))
        wait_for(lambda: hub.talking == MOST_OF_ONE + 1)
        hub.quiet.close()
        assert [one.result()[0] for one in under_way] == [200] * (MOST_OF_ONE + 1)
