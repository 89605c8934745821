"""Bytes written to the disk for each reading, and how long an acknowledgement takes: `python
tests/journal/bytes_bench.py`.

A hundred probes at 2 s, one reading a request (50 readings a second), through a whole hub on 127.0.0.1 with
CSV log, roll-ups and keeper. Linux only: the figure is the kernel's own (write_bytes of /proc). Prints a
line; no test.
"""

import argparse
import http.client
import os
import sys
import tempfile
import time
from pathlib import Path

PROBES, RATE = 100, 50


def written() -> int:
    """Bytes this process had written to a disk."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--port", type=int, default=18_600)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        os.environ |= {
            "DATA_DIR": folder,
            "HOST": "127.0.0.1",
            "INTERFACES": "127.0.0.1",
            "PORT": str(given.port),
            "SERVER_TOKEN": "bench",
        }
        import temphub_kernel as th

        th.start()
        took, sent = [], 0
        connections = [http.client.HTTPConnection("127.0.0.1", given.port) for _ in range(8)]
        before, start = written(), time.monotonic()
        while time.monotonic() - start < given.seconds:
            due = start + sent / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            # Requests overlap as those of many probes do: the reply of one is read when its connection's turn
            # comes again.
            connection = connections[sent % len(connections)]
            if sent >= len(connections):
                reply = connection.getresponse()
                reply.read()
            body = f'{{"temperature_c": {20 + sent % 7 * 0.0625}, "probe_id": "P{sent % PROBES}"}}'
            connection.request(
                "POST", "/api/ingest", body, {"X-Token": "bench", "Content-Type": "application/json"}
            )
            sent += 1
            if sent % 50 == 0:
                began = time.monotonic()
                lone = http.client.HTTPConnection("127.0.0.1", given.port)
                lone.request(
                    "POST", "/api/ingest", body, {"X-Token": "bench", "Content-Type": "application/json"}
                )
                lone.getresponse().read()
                lone.close()
                took.append((time.monotonic() - began) * 1000)
        time.sleep(1)
        bytes_each = (written() - before) / sent
        th.stop()
        for connection in connections:
            connection.close()
    took.sort()
    sys.stdout.write(
        f"{sent} readings: {bytes_each:.0f} bytes each; acknowledged in {took[len(took) // 2]:.0f} ms, "
        f"slowest {took[-1]:.0f} ms\n"
    )


if __name__ == "__main__":
    main()
