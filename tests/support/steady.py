"""Probes that deliver steadily from a process of their own: what they wait is the hub's doing and not that of
whoever attacks it."""

import asyncio
import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

from .attacks import Poster
from .ports import free_port
from .waiting import wait_for

REPLY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'


class Steady:
    """So many probes, each with a reading every `every_s` on a kept connection. Begins at once; `stop` ends
    it."""

    def __init__(self, port: int, count: int, every_s: float, token: str = "") -> None:
        words = [
            sys.executable,
            "-m",
            "support.steady",
            str(port),
            str(count),
            str(every_s),
            *([token] if token else []),
        ]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )

    def since(self) -> tuple[list[float], Counter[str]]:
        """(milliseconds that each acknowledgement took, how often each status or error came) since it was
        last asked."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._told()

    def stop(self) -> tuple[list[float], Counter[str]]:
        """End it; what came since it was last asked."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        rest = self._told()
        self._process.wait()
        self._process.stdout.close()
        return rest

    def _told(self) -> tuple[list[float], Counter[str]]:
        assert self._process.stdout is not None
        times, answers = json.loads(self._process.stdout.readline())
        return times, Counter(answers)


class Control(Steady):
    """The same before a server that does nothing: what this computer makes everybody wait, whatever a hub
    does."""

    def __init__(self, count: int, every_s: float) -> None:
        port = free_port()
        self._server = subprocess.Popen(
            [sys.executable, "-m", "support.steady", str(port)], cwd=Path(__file__).parents[1]
        )
        super().__init__(port, count, every_s)
        wait_for(lambda: self.since()[1]["200"], 30)

    def stop(self) -> tuple[list[float], Counter[str]]:
        """End both."""
        rest = super().stop()
        self._server.kill()
        self._server.wait()
        return rest


async def answer(port: int) -> None:
    """A server that says `ok` to everything, for ever."""

    async def say_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
                writer.write(REPLY)
        except (OSError, EOFError):
            writer.close()

    server = await asyncio.start_server(say_ok, "127.0.0.1", port)
    await server.serve_forever()


def main(port: int, count: int, every_s: float, token: str = "") -> None:
    """Deliver until the input ends; a line of it, and its end, is answered with what came since the last."""
    # By steps of their own, as probes do that were switched on one after the other.
    probes = [Poster(port, f"steady-{number}", every_s, token=token) for number in range(count)]
    for probe in probes:
        probe.start()
        threading.Event().wait(every_s / count)
    for _ in sys.stdin:
        tell(probes)
    for probe in probes:
        probe.stopping.set()
    for probe in probes:
        probe.stop()
    tell(probes)


def tell(probes: list[Poster]) -> None:
    """What came since it was last told."""
    times, answers = [], Counter[str]()
    for probe in probes:
        taken, probe.times = probe.times, []
        counted, probe.answers = probe.answers, Counter()
        times += [1000 * one for one in taken]
        answers.update({str(name): number for name, number in counted.items()})
    sys.stdout.write(json.dumps([times, answers]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) == 2:
        asyncio.run(answer(int(sys.argv[1])))
    else:
        main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:])
