"""Sockets in memory, and an event loop that is called from outside: MicroPython's WebAssembly build has none
of its own.

Tasks, pauses and events are MicroPython's asyncio. Time is a number that leaps to the task that is due next;
`step()` runs that one up to its next pause, so that whoever calls it sees the heap after each.
"""

import asyncio
import random
import sys
from asyncio import core
from errno import ECONNREFUSED, ECONNRESET

from seed import SEED

from board_modules import Module

ms = 1000
# What `connect` finds: a function (socket, bytes) that is called with what is sent there and feeds the
# answer; None refuses.
hub = None
served = None
# What comes from the hub takes up to so many ms, drawn anew for an answer and for each piece of a file in it.
lag_ms = 0
datagrams = []
links = []


def step():
    """Run one task up to its next pause."""
    global ms
    task = core._task_queue.pop()
    ms = max(ms, task.ph_key)
    core.cur_task = task
    thrown = task.data
    try:
        if thrown:
            task.data = None
            task.coro.throw(thrown)
        else:
            task.coro.send(None)
    except (Exception, core.CancelledError) as end:
        _ended(task, end)


def _ended(task, end):
    waiting = task.state
    if waiting is True:
        # Nobody waits yet; whoever asks later finds how it ended.
        task.state = None
    else:
        task.state = False
        if callable(waiting):
            waiting(task, end)
        else:
            while waiting.peek():
                core._task_queue.push(waiting.pop())
    task.data = end


class _Waiting:
    """Which task waits for which socket."""

    def __init__(self):
        self._tasks = {}

    def queue_read(self, sock):
        """The running task goes on when something is there to read."""
        if sock.ready():
            core._task_queue.push(core.cur_task, max(ms, sock.due_ms))
        else:
            core.cur_task.data = self
            self._tasks[id(sock)] = core.cur_task

    def queue_write(self, sock):
        """At once: what is sent is taken."""
        core._task_queue.push(core.cur_task)

    def remove(self, task):
        """It was cancelled."""
        for key in list(self._tasks):
            if self._tasks[key] is task:
                del self._tasks[key]

    def wake(self, sock):
        """Something came."""
        task = self._tasks.pop(id(sock), None)
        if task:
            task.data = None
            core._task_queue.push(task, max(ms, sock.due_ms))


class Socket:
    """One end of a connection, or a place for datagrams. `out`: the bytes that a visitor's end was sent, when
    it keeps them."""

    def __init__(self, *kind):
        self._datagrams = len(kind) > 1
        # Bytes, or open files, which are read from as they are asked for: nothing of them is in the heap.
        self._inbox = []
        self._ended = False
        self._peer = None
        # What is there can be read from then on.
        self.due_ms = 0
        if self._datagrams:
            links.append(self)

    def _nothing(self, *_):
        pass

    setblocking = setsockopt = bind = listen = _nothing

    def connect(self, place):
        """To the hub, if it is there."""
        if not hub:
            raise OSError(ECONNREFUSED)

    def call(self, peer):
        """Be the probe's end of a visit."""
        self._peer = peer

    def feed(self, *pieces):
        """What the other side sends."""
        self._inbox += pieces
        self._wait(lag_ms)
        core._io_queue.wake(self)

    def _wait(self, most_ms):
        if most_ms and not self._peer:
            self.due_ms = ms + random.getrandbits(16) % most_ms

    def end(self):
        """The other side closes."""
        self._ended = True
        core._io_queue.wake(self)

    def ready(self):
        """Whether reading gives something."""
        return bool(self._inbox) or self._ended

    def write(self, data):
        """Taken whole."""
        if not (self._peer or hub):
            raise OSError(ECONNRESET)
        (self._peer or hub)(self, data)
        return len(data)

    def read(self, most=-1):
        """What is there."""
        while self._inbox:
            first = self._inbox[0]
            if not isinstance(first, (bytes, bytearray)):
                data = first.read(most)
                if data:
                    self._wait(lag_ms)
                    return data
                first.close()
                self._inbox.pop(0)
            else:
                if most < 0 or len(first) <= most:
                    return self._inbox.pop(0)
                self._inbox[0] = first[most:]
                return first[:most]
        return b"" if self._ended else None

    def recvfrom(self, most):
        """One datagram."""
        return self._inbox.pop(0), ("10.0.0.2", 5353)

    def sendto(self, data, place):
        """Remembered, the newest only."""
        datagrams[:] = [bytes(data)]

    def close(self):
        """The inbox goes with it."""
        for one in self._inbox:
            if not isinstance(one, (bytes, bytearray)):
                one.close()
        self._inbox = []


class Stream:
    """What asyncio makes of a socket."""

    def __init__(self, sock, extra=None):
        self.s = sock
        self.e = extra
        self.out_buf = b""

    def read(self, most=-1):
        """A coroutine: the next bytes, b"" at the end."""
        while True:
            yield core._io_queue.queue_read(self.s)
            data = self.s.read(most)
            if data is not None:
                return data

    def write(self, data):
        """To the other side."""
        self.s.write(data)

    def drain(self):
        """A coroutine: one pause."""
        yield from core.sleep_ms(0)

    def close(self):
        """Away with it."""
        self.s.close()

    async def wait_closed(self):
        """It is closed."""


class _Server:
    def close(self):
        """Nobody comes any more."""


async def _start_server(serve, ip, port, backlog):
    global served
    served = serve
    return _Server()


def visit(request, heard):
    """A visitor's request to the probe; heard(socket, bytes) is called with each piece of the answer."""
    sock = Socket()
    sock.call(heard)
    sock.feed(request)
    stream = Stream(sock)
    asyncio.create_task(served(stream, stream))  # noqa: RUF006  # MicroPython's queue holds it


def install():
    """Put them in the place of asyncio's loop and streams, and of the modules `socket` and `time`."""
    import os
    import time

    # Pauses and keys are the same in each run with that seed, and so is what coincides.
    random.seed(SEED)
    os.urandom = lambda count: bytes([random.getrandbits(8) for _ in range(count)])
    # 2 MB, of which 1.6 are free.
    os.statvfs = lambda path: (4096, 4096, 512, 400, 400, 0, 0, 0, 0, 255)

    core.ticks = lambda: ms
    core._task_queue = core.TaskQueue()
    core._io_queue = _Waiting()
    asyncio.StreamReader = Stream
    asyncio.start_server = _start_server
    place = [(0, 0, 0, "", "place")]
    sys.modules["socket"] = Module(
        socket=Socket, AF_INET=2, SOCK_DGRAM=2, SOCK_STREAM=1, getaddrinfo=lambda *_: place
    )
    sys.modules["time"] = Module(
        ticks_ms=lambda: ms,
        ticks_diff=lambda later, earlier: later - earlier,
        sleep=lambda seconds: None,
        time=time.time,
    )
