"""Clients that deliver numbered readings to a hub in a process of their own, for benches: when each was
acknowledged, and how long the hub refused.

    with Deliveries(port, clients) as deliveries:
        …
        told = deliveries.end()
"""

import http.client
import json
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from typing import Any, NamedTuple

LATE_S = 60


class Told(NamedTuple):
    """took: of each client, when each reading was sent and when it was acknowledged, seconds since 1970, the
    reading's number is its place; refused_s: the longest time that a client was not answered."""

    took: dict[str, list[tuple[float, float]]]
    refused_s: float

    def milliseconds(self) -> list[float]:
        """How long each reading took, the quickest first."""
        return sorted((end - begin) * 1000 for times in self.took.values() for begin, end in times)


class Deliveries:
    """The process. pace_s: between a client's readings, each over a new connection; 0: at full speed, over
    one."""

    def __init__(self, port: int, clients: int, pace_s: float = 0.0) -> None:
        words = [sys.executable, __file__, str(port), str(clients), str(pace_s)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> "Deliveries":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> Told:
        """Stop them; what came of it."""
        told: dict[str, Any] = json.loads(self._process.communicate(timeout=LATE_S)[0])
        return Told(
            {name: list(map(tuple, times)) for name, times in told["took"].items()}, told["refused_s"]
        )


class Client(threading.Thread):
    """Delivers one reading after the other, each until it is acknowledged."""

    def __init__(self, port: int, number: int, pace_s: float) -> None:
        super().__init__(daemon=True)
        self.port, self.name_, self.boot, self._pace_s = port, f"p{number}", uuid.uuid4().hex[:8], pace_s
        self.took: list[tuple[float, float]] = []
        self.refused_s = 0.0
        self.stopping = threading.Event()
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """The thread."""
        refused = 0.0
        while not self.stopping.is_set():
            began, good = time.time(), False
            with suppress(OSError, http.client.HTTPException, ValueError):
                good = self._post()
            now = time.time()
            if good:
                self.took.append((began, now))
                self.refused_s, refused = max(self.refused_s, now - refused if refused else 0.0), 0.0
            else:
                refused = refused or began
            if not good or self._pace_s:
                self._close()
                self.stopping.wait(self._pace_s if good else 0.02)
        self._close()

    def _post(self) -> bool:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=30 if not self._pace_s else 5
            )
        seq = len(self.took)
        row = {"seq": seq, "age_ms": 0, "temperature_c": seq % 1000 / 16}
        body = json.dumps({"probe_id": self.name_, "boot": self.boot, "readings": [row]})
        self._connection.request("POST", "/api/ingest", body)
        reply = self._connection.getresponse()
        return json.loads(reply.read())["ok"] is True and reply.status == 200

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def main(port: int, clients: int, pace_s: float) -> None:
    """Until the input ends."""
    made = [Client(port, number, pace_s) for number in range(clients)]
    for client in made:
        client.start()
    sys.stdin.read()
    for client in made:
        client.stopping.set()
    for client in made:
        client.join(30)
    told = {"took": {one.name_: one.took for one in made}, "refused_s": max(one.refused_s for one in made)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
