"""probe/care.py and the whole App on a port of this machine: restart, button, busy visitors"""

import asyncio
import json

from ports import arguments
from ports.pc import PcPort
from probe.app import App
from probe_harness import HERE, Folder, net, reply, run, until


class _Slots:
    """Only the part that a restart needs."""

    def __init__(self):
        self.again = False
        self.on_trial = False
        self.failed = None
        self.starts = 1
        self.patience_s = 300


class _House:
    """The whole probe, running in this event loop."""

    def __init__(self, folder, *options):
        given = [
            "--id",
            "TempProbe-0C01",
            "--state",
            folder,
            "--token",
            "s3cret",
            "--interval-ms",
            "500",
        ] + list(options)
        self.port = PcPort(arguments.parse(given), _Slots())
        self.said = []
        self.port.say = self.said.append
        self.port.ready = lambda ip, port: None
        self.fed = []
        self.port.watchdog = lambda: lambda: self.fed.append(1)
        self.down = False
        self.port.button = lambda: self.down
        self.app = App(self.port)
        self.state = self.app.state

    async def __aenter__(self):
        self.task = asyncio.create_task(self._run())
        await until(lambda: self.state.who()["port"] and self.state.rounds)
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        try:
            await self.task
        except asyncio.CancelledError:
            pass
        self.app.stop()

    async def _run(self):
        try:
            await self.app.run()
        except asyncio.CancelledError:
            pass

    async def ask(self, method, path, body="", *headers):
        """(status, reply as dict or text) over a real connection."""
        reader, writer = await net.connect(HERE, self.state.who()["port"])
        lines = [f"{method} {path} HTTP/1.1", "Host: probe", f"Content-Length: {len(body)}"] + list(headers)
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        await writer.drain()
        status, text = await reply(reader)
        net.drop(writer)
        return status, json.loads(text) if text.startswith("{") else text


def _live(work, *options):
    async def go(folder):
        async with _House(folder, *options) as house:
            await work(house)

    with Folder() as folder:
        run(go(folder))


class _SlowHub:
    """Takes each batch, thinks for a second, and accepts."""

    def __init__(self):
        self.seqs = []
        self.thinking = False
        self.batches = 0

    async def start(self):
        self._server, port = await net.start_server(self._serve, HERE, 0)
        self.url = f"http://{HERE}:{port}"
        return self

    def stop(self):
        self._server.close()

    async def _serve(self, reader, writer):
        try:
            await self._take(reader, writer)
        except (OSError, EOFError):
            # The probe ended in the middle.
            pass
        finally:
            net.drop(writer)

    async def _take(self, reader, writer):
        data = b""
        while b"\r\n\r\n" not in data:
            data += await reader.read(1024)
        head, _, body = data.partition(b"\r\n\r\n")
        if b"Content-Length: " not in head:
            # No probe: a hub of another test may look who is at this port.
            raise EOFError
        size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        while len(body) < size:
            body += await reader.read(1024)
        body = json.loads(body.decode())
        readings = body.get("readings") or ([body] if "seq" in body else [])
        self.thinking = bool(readings)
        self.batches += bool(readings)
        await asyncio.sleep(1 if readings else 0)
        self.thinking = False
        self.seqs += [reading["seq"] for reading in readings]
        writer.write(
            b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\nConnection: close\r\n\r\n{"ok": true, "stored": 1}'
        )
        await writer.drain()
        net.finish(writer)
        await asyncio.sleep(0.05)


def test_eight_slow_visitors_do_not_stop_the_sampling():
    """Eight half requests hang for two seconds; the readings go on in their beat, and the watchdog is fed."""

    async def work(house):
        slow = []
        for _ in range(8):
            slow.append((await net.connect(HERE, house.state.who()["port"]))[1])
            slow[-1].write(b"POST /provision HTTP/1.1\r\nContent-Len")
            await slow[-1].drain()
        before = house.state.rounds
        await asyncio.sleep(2.1)
        assert 4 <= house.state.rounds - before <= 5
        assert house.fed
        for writer in slow:
            net.drop(writer)
        await asyncio.sleep(0.1)
        assert (await house.ask("GET", "/whoami"))[0] == 200

    _live(work)


def test_six_visitors_at_once_are_served_while_a_batch_is_under_way():
    """All six get their answer while the hub still thinks, three times over; no reading is lost or doubled by
    it."""

    async def work(house):
        hub = await _SlowHub().start()
        body = json.dumps({"server_url": hub.url})
        assert (await house.ask("POST", "/provision", body, "X-Token: s3cret"))[0] == 200
        for batch in range(1, 4):
            await until(lambda batch=batch: hub.thinking and hub.batches >= batch)
            taken = hub.batches
            answers = await asyncio.gather(
                *[house.ask("GET", path) for path in ("/", "/status", "/whoami") * 2]
            )
            assert [status for status, _ in answers] == [200] * 6 and hub.batches == taken
            await until(lambda taken=taken: hub.batches > taken)
        # In whatever order they come: without gaps, none twice.
        await until(lambda: len(hub.seqs) >= 4 and sorted(hub.seqs) == list(range(len(hub.seqs))))
        hub.stop()

    _live(work)


def test_status_tells_why_the_probe_started_and_how_it_is():
    """Reset reason and counts, uptime, heap where it is known; the token nowhere."""

    async def work(house):
        status, body = await house.ask("GET", "/status")
        assert (
            status == 200
            and body["reset"] == "started"
            and body["resets"] == {"started": 1}
            and body["uptime_s"] >= 0
        )
        assert "s3cret" not in json.dumps(body) and ("heap_lowest" in body) == ("heap_free" in body)

    _live(work)


def test_a_restart_needs_the_token_is_answered_and_is_remembered():
    """Wrong token: 401, foreign page: 403, nothing happens. Right one: 200, then the end, and the next start
    knows why."""

    async def work(house):
        assert (await house.ask("POST", "/restart"))[0] == 401
        assert (await house.ask("POST", "/restart", "", "X-Token: wrong"))[0] == 401
        assert (await house.ask("POST", "/restart", '{"token": 5}'))[0] == 401
        assert (await house.ask("POST", "/restart", "", "X-Token: s3cret", "Origin: http://evil.example"))[
            0
        ] == 403
        assert (await house.ask("GET", "/restart"))[0] == 405
        await asyncio.sleep(0.7)
        assert not house.port.slots.again
        assert await house.ask("POST", "/restart", "", "X-Token: s3cret") == (200, {"ok": True})
        await until(lambda: house.port.slots.again)
        await house.task
        assert house.port.settings.get("resets") == {"counts": {"started": 1}, "expected": "asked"}

    _live(work)


def test_the_button_gives_the_probe_to_the_next_hub():
    """With a token another hub is refused; after the button it may claim the probe, and then its token
    holds."""

    async def work(house):
        claim = json.dumps({"server_url": "http://127.0.0.1:9", "token": "other"})
        assert (await house.ask("POST", "/provision", claim))[0] == 401
        house.app.care.forget_token()
        body = (await house.ask("GET", "/status"))[1]
        assert body["token_set"] is False and any("forgotten" in line for line in house.said)
        assert (await house.ask("POST", "/provision", claim))[0] == 200
        assert (await house.ask("POST", "/restart", "", "X-Token: s3cret"))[0] == 401

    _live(work)
