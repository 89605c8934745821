"""A hub's side of docs/trust.md, written down once more for the probe's tests. Runs on CPython and
MicroPython alike."""

import hashlib
import json
import os
from binascii import hexlify, unhexlify

from probe.endpoints import Endpoints
from probe.seal import mac
from probe.x25519 import BASE, multiply
from probe_harness import HERE, Folder, Probe, Visitor, net, run


class House:
    """A probe with its web server, and a hub that claims it and gives it orders."""

    def __init__(self, folder, **given):
        self.probe = Probe(folder, **given)
        self.restarts = []
        self.visitor = Visitor(
            Endpoints(self.probe.state, lambda: None, lambda: self.restarts.append(1)).routes()
        )
        self.key = None

    async def claim(self, token=None):
        """(status, reply) of a claim; the key is then in `key`."""
        private = os.urandom(32)
        public = multiply(private, BASE)
        body = {"public": hexlify(public).decode()}
        if token:
            body["proof"] = mac(token.encode(), b"claim\n" + body["public"].encode())
        status, reply = await self.visitor.post("/claim", body)
        if status == 200:
            theirs = unhexlify(reply["public"])
            self.key = hashlib.sha256(
                b"temphub key 1\n" + multiply(private, theirs) + public + theirs
            ).digest()
        return status, reply

    async def nonce(self):
        """What the next order has to name."""
        return json.loads((await self.visitor.get("/status"))[1])["nonce"]

    async def order(self, path, body, nonce=None, key=None):
        """(status, reply) of a signed order."""
        raw = json.dumps(body).encode()
        text = b"order\n" + path.encode() + b"\n" + (nonce or await self.nonce()).encode() + b"\n" + raw
        return await self.visitor.post(path, raw, "X-Signature: " + mac(key or self.key, text))

    async def key_id(self):
        """As /whoami tells it."""
        return json.loads((await self.visitor.get("/whoami"))[1])["key_id"]


def visit(work, **given):
    """Run `await work(house, folder)` against a serving probe."""

    async def go(folder):
        house = House(folder, **given)
        await house.visitor.start()
        try:
            await work(house, folder)
        finally:
            house.visitor.stop()

    with Folder() as folder:
        run(go(folder), 60)


class SigningHub:
    """A real HTTP server that proves its key with each reply, or does not. `answer(request)` -> (status,
    dict), signed unless told."""

    def __init__(self, key, answer):
        self._key = key
        self._answer = answer
        self.requests = []
        # Whole replies, and what is said instead of new ones while there are any.
        self.sent = []
        self.replays = []
        self.signs = True

    async def start(self):
        """Listen on any free port."""
        self._server, port = await net.start_server(self._serve, HERE, 0)
        self.url = f"http://{HERE}:{port}"
        return self

    def stop(self):
        """Listen no more."""
        self._server.close()

    async def _serve(self, reader, writer):
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, EOFError):
            pass
        finally:
            net.drop(writer)

    async def _one(self, reader, writer):
        data = b""
        while b"\r\n\r\n" not in data:
            more = await reader.read(512)
            if not more:
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        while len(body) < int(headers["content-length"]):
            body += await reader.read(512)
        self.requests.append((lines[0].split(" ")[1], headers, body))
        status, told = self._answer(len(self.requests))
        raw = json.dumps(told).encode()
        text = f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\n"
        if self.signs and "x-counter" in headers:
            text += (
                "X-Signature: "
                + mac(self._key, f"reply\n{headers['x-counter']}\n{status}\n".encode() + raw)
                + "\r\n"
            )
        reply = text.encode() + b"\r\n" + raw
        if self.replays:
            reply = self.replays.pop(0)
        else:
            self.sent.append(reply)
        writer.write(reply)
        await writer.drain()
        return True
