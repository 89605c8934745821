"""Sending by a process of its own, so that no service can hold up, slow down or end the hub. One thread at a
time."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from ...core import monotonic_s, start_beside

PROGRAM = Path(__file__).with_name("sender_process.py")
# Sending ends by itself before that.
LATE_S = 30.0
ENDED = "the process that sends them ended"
TOO_LATE = f"nothing was answered within {LATE_S:g} s"


class Order(NamedTuple):
    """What is to be sent where. title None: nothing, the address is only looked at. severity: critical,
    warning, over or test; module: what sends there, as an earlier outcome told it."""

    url: str
    title: str | None = None
    body: str = ""
    severity: str = "warning"
    module: str = ""


class Outcome(NamedTuple):
    """What came of an order: whether it was taken; else why not, and whether it may have arrived all the
    same.

    kind: the service's name; shown: the address without its secrets; host: where it leads to, where it is
    told; module: what sends.
    """

    ok: bool
    problem: str = ""
    perhaps: bool = False
    kind: str = ""
    shown: str = ""
    host: str = ""
    module: str = ""


class Sender:
    """Starts the process with the first order; `close` ends it. late_s: how long an order may take."""

    def __init__(self, late_s: float = LATE_S) -> None:
        self._late_s = late_s
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._answers: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._under_way: dict[int, tuple[str, float]] = {}
        self._last = 0
        self._stuck = False

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def under_way(self) -> set[str]:
        """The names of the orders that have not ended."""
        return {name for name, _ in self._under_way.values()}

    def start(self, modules: Iterable[str] = ()) -> None:
        """Have the process ready, with what it will need; it takes about a second. Raises OSError."""
        if self._process is None:
            # Without its own folder in the search path: a module of ours could stand before one that it
            # needs.
            pipe = subprocess.PIPE
            command = (sys.executable, "-P", str(PROGRAM), *sorted(set(filter(None, modules))))
            started = start_beside(*command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
            self._process, self._answers = started, SimpleQueue()
            self._thread = threading.Thread(
                target=_listen, args=(started, self._answers), name="temphub-sender", daemon=True
            )
            self._thread.start()

    def send(self, name: str, order: Order) -> None:
        """Begin an order, which `ended` tells of under this name. Raises OSError."""
        self.start()
        assert self._process is not None and self._process.stdin is not None
        self._last += 1
        self._under_way[self._last] = name, monotonic_s() + self._late_s
        text = (
            {}
            if order.title is None
            else {"title": order.title, "body": order.body, "severity": order.severity}
        )
        try:
            self._process.stdin.write(
                json.dumps({"no": self._last, "url": order.url, "module": order.module, **text}).encode()
                + b"\n"
            )
            self._process.stdin.flush()
        except OSError:
            # It was killed: what it had begun is told by its thread.
            self._answers.put(None)

    def ended(self, wait_s: float) -> dict[str, Outcome]:
        """Orders that have come to an end; waits up to so long for the first one."""
        found: dict[str, Outcome] = {}
        while self._under_way:
            try:
                told = self._answers.get(timeout=0 if found else wait_s)
            except Empty:
                break
            if told is None:
                found.update({name: Outcome(False, ENDED, True) for name, _ in self._under_way.values()})
                self.close()
            elif (name := self._under_way.pop(int(told.pop("no")), ("", 0.0))[0]) != "":
                found[name] = Outcome(**told)
        return {**found, **self._late()}

    def close(self) -> None:
        """End the process; what is under way is cut short."""
        process, self._process = self._process, None
        self._under_way.clear()
        self._stuck = False
        if process is not None:
            process.kill()
            process.wait()
            assert self._thread is not None and process.stdin is not None
            self._thread.join()
            # What it had not read any more is nobody's loss.
            with suppress(OSError):
                process.stdin.close()

    def _late(self) -> dict[str, Outcome]:
        now_s = monotonic_s()
        late = [no for no, (_, late_s) in self._under_way.items() if now_s >= late_s]
        found = {self._under_way.pop(no)[0]: Outcome(False, TOO_LATE, True) for no in late}
        self._stuck = self._stuck or bool(late)
        if self._stuck and not self._under_way:
            # With it goes what hangs in it.
            self.close()
        return found


def _listen(process: "subprocess.Popen[bytes]", answers: "SimpleQueue[dict[str, Any] | None]") -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            answers.put(json.loads(line))
    answers.put(None)


def once(order: Order, late_s: float = LATE_S) -> Outcome:
    """One order by a process for it alone. Any thread; waits for its end. Raises OSError."""
    sender = Sender(late_s)
    try:
        sender.send("once", order)
        while not (found := sender.ended(1.0)):
            pass
        return found["once"]
    finally:
        sender.close()
