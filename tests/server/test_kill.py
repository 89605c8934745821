"""The hub kernel killed under load: what was acknowledged is there, once."""

import csv
import http.client
import json
import threading
import time
import uuid

import pytest

from support.waiting import wait_for
from temphub_kernel.journal import Reader

CLIENTS = 8
KILLS = 3


class Client(threading.Thread):
    """Posts readings with a value of its own each, batches and singles, and remembers what was
    acknowledged."""

    def __init__(self, port: int, number: int) -> None:
        super().__init__(daemon=True)
        self.port, self.number = port, number
        self.boot = uuid.uuid4().hex[:8]
        self.acknowledged: set[int] = set()
        self.last_ack = 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        seq = 0
        while not self.stopping.is_set():
            batch = [{"seq": n, "age_ms": 0, "temperature_c": n / 16} for n in range(seq, seq + 5)]
            # What is not acknowledged is sent again, as a probe does.
            while not self.stopping.is_set() and not self.post(
                {"probe_id": f"p{self.number}", "boot": self.boot, "readings": batch}
            ):
                self.stopping.wait(0.05)
            else:
                if not self.stopping.is_set():
                    self.acknowledged.update(range(seq, seq + 5))
            seq += 5

    def post(self, body) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", "/api/ingest", json.dumps(body))
            reply = connection.getresponse()
            good = reply.status == 200 and json.loads(reply.read())["ok"] is True
            self.last_ack = time.monotonic() if good else self.last_ack
            return good
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()


@pytest.mark.alone
def test_a_killed_hub_loses_nothing_and_is_back_within_five_seconds(opened_temphub, data_dir):
    """Eight clients post while the hub kernel is killed three times: every acknowledged reading is in the
    journal and in the CSV exactly once, and each time deliveries succeed again within 5 s."""
    temphub = opened_temphub
    clients = [Client(temphub.port, n) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(KILLS):
            before = [len(client.acknowledged) for client in clients]
            wait_for(
                lambda before=before: all(
                    len(c.acknowledged) > n + 50 for c, n in zip(clients, before, strict=True)
                )
            )
            kernel = wait_for(temphub.hub_kernel)
            kernel.kill()
            killed = time.monotonic()
            wait_for(lambda killed=killed: all(client.last_ack > killed + 0.05 for client in clients), 20)
            assert time.monotonic() - killed < 5.0
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(10)
    wait_for(lambda: temphub.ask("GET", "/api/health")[1]["csv_waiting"] == 0, 20)
    assert temphub.stop() == 0
    check_all_there_once(data_dir, clients)


def check_all_there_once(data_dir, clients) -> None:
    with Reader(data_dir / "temphub.sqlite3") as reader:
        points = reader.after(0, 10_000_000)
    with (data_dir / "temperature_log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for client in clients:
        stored = [point.seq for point in points if point.probe_id == f"p{client.number}"]
        assert len(client.acknowledged) > 50
        assert len(stored) == len(set(stored)), "a reading is stored twice"
        assert client.acknowledged <= set(stored), "an acknowledged reading is lost"
        logged = [float(row["temperature_c"]) * 16 for row in rows if row["probe_id"] == f"p{client.number}"]
        assert logged == [float(seq) for seq in stored], "the CSV differs from the journal"
