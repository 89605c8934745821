"""Run by words32.mjs: the board's own program with words of 32 bits, and the most that it holds on each part
of its way.

Prints one JSON line {"running", "ways": {name: bytes}}: bytes of the heap in use (after a collection) beyond
those of the bare interpreter, at the pause of all where they were most. The update comes as a hub sends it:
/board itself, as version 99.0.
"""

import asyncio
import gc
import json
import os
from asyncio import core

import board_modules
import words32_net as net

board_modules.install()
net.install()
for _name in ("Event", "wait_for", "gather", "Lock"):
    getattr(asyncio, _name)

TIME = b'"time": "2026-03-01T12:00:00.250Z"}'
more = True
_used = gc.mem_alloc
_ways = {}
_way = None
_base = 0
# Whether the heap was collected since anything ran.
_clean = False
_heard = []
_update = {}


def _answer(sock, *parts, late_ms=0):
    length = sum(os.stat(part)[6] if isinstance(part, str) else len(part) for part in parts)
    sock.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
    for part in parts:
        sock.feed(open(part, "rb") if isinstance(part, str) else part)  # noqa: SIM115  # the socket closes it
    sock.due_ms += late_ms


def _hub(sock, data):
    """A hub takes what is posted, and gives out the firmware."""
    place = bytes(data[: data.find(b" HTTP/")])
    if place == b"POST /api/hello":
        _answer(sock, b'{"ok": true, ' + TIME)
    elif place.startswith(b"POST"):
        _answer(sock, b'{"ok": true, "stored": 1, ' + TIME, late_ms=_update.get("late_ms", 0))
    elif b"name=" in place:
        _update["files"] += 1
        _answer(sock, str(place[place.find(b"name=") + 5 :], "utf-8"))
    else:
        _answer(sock, "/tests/manifest.json")


def _visit(text, wanted=b"}", body=b"", host="127.0.0.1"):
    """Ask the probe; _heard has something once `wanted` came. Nothing else of the answer is kept: it would
    count as the probe's."""
    _heard.clear()
    tail = b""

    def heard(sock, data):
        nonlocal tail
        tail += data
        if wanted in tail and not _heard:
            _heard.append(True)
        tail = tail[-len(wanted) :]

    head = text + f" HTTP/1.1\r\nHost: {host}\r\nX-Token: mine\r\nContent-Length: {len(body)}\r\n\r\n"
    net.visit(head.encode() + body, heard)


def _until(condition, most=50000):
    """Pauses until it is so."""
    for _ in range(most):
        if condition():
            return
        yield
    raise AssertionError("did not happen")


def _pauses(count):
    for _ in range(count):
        yield


def _begin(name):
    global _way
    _way = name


def _delivered(app, count):
    wanted = app.state.delivered + count
    return _until(lambda: app.state.delivered >= wanted)


def _story():
    """One `yield` for each pause at which a collection may happen."""
    global _base
    yield from _pauses(3)
    _base = _used()
    with open("settings.json", "w") as file:
        json.dump(
            {
                "ssid": "home",
                "password": "secret99",
                "server_url": "http://10.0.0.1:8088",
                "interval_ms": 2000,
                "token": "mine",
            },
            file,
        )
    from boot_slots import Slots

    slots = Slots("")
    slots.choose()
    from ports import esp32

    yield from _pauses(2)
    net.hub = _hub
    from probe.settings import Settings

    app = esp32.App(esp32.Esp32Port(Settings(""), slots))
    task = asyncio.create_task(app.run())
    yield from _until(lambda: app.state.delivered >= 3 and net.datagrams)
    # Once each, as on any board in use: whoever looks at it, and the hub that looks for it.
    for path in ("/", "/status"):
        _visit("GET " + path, b"21.5")
        yield from _until(lambda: _heard)
    yield from _delivered(app, 3)
    _begin("running")
    yield from _delivered(app, 20)

    _begin("pages")
    for path in ("/", "/status", "/whoami"):
        _visit("GET " + path, b"}" if len(path) > 1 else b"</html>")
        yield from _until(lambda: _heard)
        yield from _pauses(5)

    _begin("asked by mDNS")
    for question in (
        b"\x0c_temps-probe\x04_tcp\x05local\0\0\x0c\0\x01",
        b"\x0eTempProbe-0096\x05local\0\0\x1c\0\x01",
    ):
        net.datagrams.clear()
        net.links[0].feed(b"\0\0\0\0\0\x01\0\0\0\0\0\0" + question)
        yield from _until(lambda: net.datagrams)

    _begin("provisioned")
    _visit(
        "POST /provision",
        b"token_set",
        b'{"server_url": "http://10.0.0.1:8088/api/ingest", "interval_ms": 500, "token": "mine"}',
    )
    yield from _until(lambda: _heard)
    yield from _delivered(app, 3)

    _begin("claimed")
    from probe.seal import mac

    public = "09" + 31 * "00"
    proof = mac(b"mine", b"claim\n" + public.encode())
    _visit("POST /claim", b"proof", json.dumps({"public": public, "proof": proof}).encode())
    yield from _until(lambda: _heard)

    _begin("set-up")
    board_modules.Wlan.reach = False
    yield from _until(lambda: app.portal.opened)
    _visit("GET /", b"</html>", host="192.168.4.1")
    yield from _until(lambda: _heard)
    _visit("POST /join", b"</html>", b"ssid=network+3&password=secret99", host="192.168.4.1")
    yield from _until(lambda: _heard)
    yield from _until(lambda: not app.portal.wish)
    board_modules.Wlan.reach = True
    yield from _until(lambda: not app.portal.opened)
    yield from _delivered(app, 3)

    _begin("outage")
    net.hub = None
    rounds = app.state.rounds
    yield from _until(lambda: app.state.rounds >= rounds + 140)
    assert app.state.outbox.spilled >= 64, app.state.outbox.spilled
    net.hub = _hub
    _begin("backlog")
    yield from _until(lambda: not len(app.state.outbox))

    _begin("update")
    _update["files"] = 0
    # Readings wait meanwhile, on the flash as well, and the hub has much to do: a full batch is under way all
    # the time, and what the update fetches comes beside it; a person looks on.
    net.hub = None
    rounds = app.state.rounds
    yield from _until(lambda: app.state.rounds >= rounds + 300)
    assert app.state.outbox.spilled
    net.hub, net.lag_ms, _update["late_ms"] = _hub, 100, 4000
    yield from _delivered(app, 1)
    _visit("POST /update", b"downloading", b'{"manifest_url": "/api/firmware/manifest"}')
    yield from _until(lambda: _heard)
    seen = 0
    while app.state.update.report()["state"] != "restarting":
        if _update["files"] > seen + 15:
            seen = _update["files"]
            _visit("GET /" if seen % 2 else "GET /status")
        yield
        assert app.state.update.report()["state"] != "failed", app.state.update.report()
    assert _update["files"] > 50

    _begin("trial")
    # What the new firmware does after its first delivery.
    assert app.state.update.broken() is None
    yield
    _begin(None)
    task.cancel()
    yield from _pauses(10)


def step():
    """The next piece of the story, or of what the probe does; or a collection, of which the next call sees
    what it left."""
    global _clean, more
    held = _used() - _base
    # With what is garbage by now it is no less: where that is no new most, it need not be collected to know.
    if _way is None or held > _ways.get(_way, 0):
        if not _clean:
            _clean = True
            gc.collect()
            return
        if _way:
            _ways[_way] = held
    _clean = False
    try:
        next(_playing)
    except StopIteration:
        more = False
        print(json.dumps({"running": _ways.pop("running"), "ways": _ways}))
        return
    if core._task_queue.peek():
        net.step()


_playing = _story()
