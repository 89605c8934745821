"""A small HTTP client for one hub: POST JSON, read JSON, keep the connection for the next time.

`net` is the port's way to the network: resolve(host), connect(ip, port) -> (reader, writer), drop(writer).
"""

import asyncio
import json
from errno import ECONNREFUSED

from probe.rooms import give_up

MAX_HEAD = 2048
MAX_BODY = 4096


class Unreachable(Exception):
    """No usable reply came; the text says why, for a person."""


class _Closed(Exception):
    """The other side closed before its first byte: usual for a kept connection that grew old."""


class Client:
    """One request at a time; a request takes at most `timeout_s` in all."""

    def __init__(self, net, timeout_s=5):
        self._net = net
        self._timeout_s = timeout_s
        self.attempts = 0
        self._place = None
        self._stream = None
        # The last URL and its parts: it is nearly always the same.
        self._url = self._parts = None

    async def post(self, url, path, body, token):
        """POST `body` (a dict) to url+path: (status, reply as dict or None). Unreachable when there is no reply."""
        host, port, base = self._split(url)
        request = _request(host, port, base + path, json.dumps(body), token)
        where = f"{host}:{port}"
        self.attempts += 1
        try:
            return await asyncio.wait_for(self._exchange(host, port, request), self._timeout_s)
        except asyncio.TimeoutError:
            self.close()
            raise Unreachable(f"The hub at {where} does not answer in time. Check that it runs and that its firewall allows it.")
        except (OSError, EOFError, ValueError, _Closed) as error:
            self.close()
            raise Unreachable(f"The hub at {where} cannot be reached ({_why(error)}). Check that it runs and its address.")
        except asyncio.CancelledError:
            self.close()
            raise

    def close(self):
        """Drop the kept connection at once."""
        if self._stream:
            self._net.drop(self._stream[1])
        self._stream = self._place = None

    def _split(self, url):
        if url != self._url:
            from probe.address import split_url

            self._parts = split_url(url)
            self._url = url
            give_up("probe.address")
        return self._parts

    async def _exchange(self, host, port, request):
        if self._place == (host, port):
            try:
                return await self._talk(request)
            except (OSError, EOFError, _Closed):
                # The hub closed the kept connection. Asking again is harmless: the hub knows repeats by boot and seq.
                pass
        self.close()
        self._stream = await self._net.connect(await self._net.resolve(host), port)
        self._place = (host, port)
        return await self._talk(request)

    async def _talk(self, request):
        reader, writer = self._stream
        writer.write(request)
        await writer.drain()
        head, rest = await _head(reader)
        status, headers = _parse(head)
        body, whole = await _body(reader, headers, rest)
        if not whole or headers.get("connection", "").lower() == "close":
            self.close()
        return status, _json(body)


def _request(host, port, path, body, token):
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}:{port}", "Content-Type: application/json"]
    if token:
        lines.append("X-Token: " + token)
    raw = body.encode()
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


async def _body(reader, headers, data):
    """The body and True when its end is known, so that the connection can serve again."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        while not data.endswith(b"0\r\n\r\n"):
            data = await _more(reader, data)
        return _unchunk(data), True
    length = headers.get("content-length")
    if length is None:
        return data, False
    if int(length) > MAX_BODY:
        raise ValueError("its reply is too long")
    while len(data) < int(length):
        data = await _more(reader, data)
    return data, True


async def _more(reader, data):
    more = await reader.read(512)
    if not more:
        raise EOFError("its reply was cut off")
    if len(data) > 2 * MAX_BODY:
        raise ValueError("its reply is too long")
    return data + more


def _unchunk(data):
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        count = int(size.split(b";")[0], 16)
        if count == 0:
            break
        body += data[:count]
        data = data[count + 2 :]
    return body


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
