"""A small HTTP client for one hub: POST JSON, read JSON, keep the connection for the next time.

`net` is the port's way to the network: resolve(host), connect(ip, port) -> (reader, writer), drop(writer).
"""

import asyncio
import json
from errno import ECONNREFUSED

from probe.reading import dumps
from probe.rooms import give_up, words
from probe.seal import genuine

MAX_HEAD = 2048
MAX_BODY = 4096
# How often a request is sent again because the hub has seen a higher counter.
_COUNTS = 3


class Unreachable(Exception):
    """No usable reply came; the text says why, for a person."""


class _Closed(Exception):
    """The other side closed before its first byte: usual for a kept connection that grew old."""


class _Stranger(Exception):
    """What answered does not hold this probe's key."""


class Client:
    """One request at a time; a request takes at most `timeout_s` in all. `seal` (see seal.py) signs once it
    has a key."""

    def __init__(self, net, timeout_s=5, seal=None):
        self._net = net
        self._seal = seal
        self._timeout_s = timeout_s
        self.attempts = 0
        self._busy = False
        self._place = None
        self._stream = None
        # The last URL and its parts: it is nearly always the same.
        self._url = self._parts = None

    async def post(self, url, path, body, token):
        """POST `body` (a dict, or its bytes): (status, reply as dict or None). Unreachable when there is no
        reply, or not the hub's.

        `url` is the address for readings, `path` what is sent: "/api/ingest" goes there, "/api/hello" beside
        it; see address.py. With a key the request is signed instead of carrying the token, and only what is
        signed with it counts as a reply.
        """
        host, port, ingest, hello = self._split(url)
        # What is signed is the path of the API, wherever a proxy has put it.
        raw = body if isinstance(body, bytes) else dumps(body).encode()
        order = (host, port, ingest if path == "/api/ingest" else hello, path, raw, token)
        where = f"{host}:{port}"
        self.attempts += 1
        self._busy = True
        try:
            return await asyncio.wait_for(self._counted(order), self._timeout_s)
        except _Stranger as stranger:
            self.close()
            raise Unreachable(words("stranger", where, stranger))
        except asyncio.TimeoutError:
            self.close()
            raise Unreachable(words("too_slow", where))
        except (OSError, EOFError, ValueError, _Closed) as error:
            self.close()
            raise Unreachable(words("away", where, _why(error)))
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._busy = False

    def rest(self):
        """Drop the kept connection when nothing is under way on it."""
        if not self._busy:
            self.close()

    def close(self):
        """Drop the kept connection at once."""
        if self._stream:
            self._net.drop(self._stream[1])
        self._stream = self._place = None

    def _split(self, url):
        if url != self._url:
            from probe.address import places

            self._parts = places(url)
            self._url = url
            give_up("probe.address")
        return self._parts

    async def _counted(self, order):
        for _ in range(_COUNTS):
            status, reply = await self._exchange(order)
            # After a restart of the hub's count, or when two requests overtook each other. Believed, as it is
            # signed.
            if (
                status != 409
                or not self._seal
                or not self._seal.key
                or not reply
                or reply.get("error") != "counter_used"
            ):
                break
            if not self._seal.used(reply.get("counter")):
                break
        return status, reply

    async def _exchange(self, order):
        host, port = order[0], order[1]
        if self._place == (host, port):
            try:
                return await self._talk(order)
            except (OSError, EOFError, _Closed):
                # The hub closed the kept connection. Asking again is harmless: the hub knows repeats by boot
                # and seq.
                pass
        self.close()
        self._stream = await self._net.connect(await self._net.resolve(host), port)
        self._place = (host, port)
        return await self._talk(order)

    async def _talk(self, order):
        reader, writer = self._stream
        # Signed anew each time: the hub takes no counter twice. The key may change before the reply comes.
        key = self._seal.key if self._seal else None
        signed = self._seal.report_signature(order[3], order[4]) if key else None
        writer.write(_request(order, signed))
        await writer.drain()
        head, rest = await _head(reader)
        status, headers = _parse(head)
        body, whole = await _body(reader, headers, rest, status)
        # HTTP/1.0 closes unless it says otherwise.
        if not whole or headers.get("connection", "close" if head[5:8] == b"1.0" else "").lower() == "close":
            self.close()
        if signed and not genuine(key, signed[0], status, body, headers.get("x-signature", "")):
            raise _Stranger(status)
        return status, _json(body)


def _request(order, signed):
    host, port, place, _, raw, token = order
    lines = [f"POST {place} HTTP/1.1", f"Host: {host}:{port}", "Content-Type: application/json"]
    if signed:
        lines += [f"X-Counter: {signed[0]}", "X-Signature: " + signed[1]]
    elif token:
        lines.append("X-Token: " + token)
    lines.append(f"Content-Length: {len(raw)}\r\n\r\n")
    return "\r\n".join(lines).encode() + raw


async def _head(reader):
    data = b""
    while b"\r\n\r\n" not in data:
        more = await reader.read(512)
        if not more:
            raise _Closed("it closed the connection")
        data += more
        if len(data) > MAX_HEAD + MAX_BODY:
            raise ValueError("its reply is too long")
    end = data.find(b"\r\n\r\n")
    return data[:end], data[end + 4 :]


def _parse(head):
    lines = head.decode().split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) < 2 or not parts[0].startswith("HTTP/1."):
        raise ValueError("it does not speak HTTP")
    headers = {}
    for line in lines[1:]:
        key, _, value = line.partition(":")
        headers[key.strip().lower()] = value.strip()
    return int(parts[1]), headers


async def _body(reader, headers, data, status):
    """The body and True when its end is known, so that the connection can serve again."""
    if status in (204, 304):
        return b"", True
    length = headers.get("content-length")
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    if chunked or length is None:
        from probe import client_body

        give_up("probe.client_body")
        return await client_body.read(reader, chunked, data, _json)
    if int(length) > MAX_BODY:
        raise ValueError("its reply is too long")
    while len(data) < int(length):
        more = await reader.read(512)
        if not more:
            raise EOFError("its reply was cut off")
        data += more
    return data, True


def _json(body):
    try:
        value = json.loads(body.decode())
    except (ValueError, UnicodeError):
        return None
    return value if isinstance(value, dict) else None


def _why(error):
    if not isinstance(error, OSError):
        return str(error)
    return "nothing listens there" if error.errno == ECONNREFUSED else f"network error {error.errno}"
