"""A small HTTP server: reads bounded requests, hands them to routes, answers. One request a connection, eight connections.

A route is (method, path) -> function(request) giving a dict (JSON) or a str (HTML), or raising Problem.
"""

import asyncio
import json

MAX_HEAD = 2048
MAX_BODY = 2048
MAX_OPEN = 8
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
_REASONS.update({408: "Request Timeout", 411: "Length Required", 413: "Content Too Large", 500: "Internal Server Error"})
_REASONS.update({431: "Request Header Fields Too Large", 503: "Service Unavailable"})


class Problem(Exception):
    """An answer other than 200: status, a short code, what is wrong, what to do."""

    def __init__(self, status, code, problem, remedy):
        super().__init__(problem)
        self.status = status
        self.body = {"ok": False, "error": code, "problem": problem, "remedy": remedy}


class Request:
    """`method`, `path` (without query), `headers` (lower-case names), `body` (bytes)."""

    def __init__(self, method, path, headers):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = b""

    def json(self):
        """The body as a dict, else Problem 400."""
        try:
            value = json.loads(self.body.decode())
        except (ValueError, RuntimeError):
            # RuntimeError: brackets nested too deeply.
            raise Problem(400, "bad_json", "The body is not JSON.", "Send one JSON object, encoded in UTF-8.")
        if not isinstance(value, dict):
            raise Problem(400, "bad_json", "The body is JSON, but not an object.", "Send one JSON object.")
        return value


class Server:
    """`serve` is the connection callback for the port's start_server; `net` has finish, hang_up and drop for a writer."""

    def __init__(self, routes, net, failed, timeout_s=5, most=MAX_OPEN):
        self._routes = routes
        self._net = net
        self._failed = failed
        self._timeout_s = timeout_s
        self._most = most
        self._open = 0

    async def serve(self, reader, writer):
        """One connection from its first byte to its end; never raises."""
        if self._open >= 2 * self._most:
            # A flood: an answer to each would cost the sockets that the delivery needs.
            self._net.drop(writer)
            return
        self._open += 1
        try:
            await asyncio.wait_for(self._converse(reader, writer), 3 * self._timeout_s)
        except (OSError, EOFError, asyncio.TimeoutError):
            # The visitor went away or is too slow; nobody is left to tell.
            pass
        except Exception as error:
            self._failed(error)
        finally:
            self._open -= 1
            self._net.drop(writer)

    async def _converse(self, reader, writer):
        unread = True
        try:
            if self._open > self._most:
                raise Problem(503, "busy", f"The probe already serves {self._most} visitors.", "Try again in a few seconds.")
            request = await asyncio.wait_for(read_request(reader), self._timeout_s)
            unread = False
            status, body = 200, self._route(request)(request)
        except asyncio.TimeoutError:
            # Before OSError: on CPython a time-out is one.
            problem = Problem(408, "too_slow", f"The request did not come in {self._timeout_s} s.", "Send the whole request at once.")
            status, body = problem.status, problem.body
        except Problem as problem:
            status, body = problem.status, problem.body
        writer.write(render(status, body))
        await asyncio.wait_for(writer.drain(), self._timeout_s)
        self._net.finish(writer)
        if unread:
            await _swallow(reader)
        await self._net.hang_up(writer)

    def _route(self, request):
        known = [method for method, path in self._routes if path == request.path]
        if not known:
            raise Problem(404, "not_found", "There is nothing at this path.", "Ask for /, /whoami or /status.")
        if request.method not in known:
            raise Problem(405, "wrong_method", f"This path does not take {request.method[:10]}.", "Use " + " or ".join(known) + ".")
        return self._routes[(request.method, request.path)]


async def read_request(reader):
    """A whole Request from the stream; Problem when it is malformed or larger than the limits; EOFError when it ends early."""
    data = b""
    while b"\r\n\r\n" not in data:
        if len(data) > MAX_HEAD:
            raise Problem(431, "head_too_large", "The request head is too large.", f"Send a head of at most {MAX_HEAD} bytes.")
        data += await _some(reader, 512)
    end = data.find(b"\r\n\r\n")
    if end > MAX_HEAD:
        raise Problem(431, "head_too_large", "The request head is too large.", f"Send a head of at most {MAX_HEAD} bytes.")
    request = parse_head(data[:end])
    length = _length(request)
    data = data[end + 4 :]
    while len(data) < length:
        data += await _some(reader, length - len(data))
    request.body = data[:length]
    return request


def parse_head(head):
    """Request line and headers, without the blank line, as a Request; Problem 400 when they make no sense."""
    try:
        lines = str(head, "utf-8").split("\r\n")
        method, target, version = lines[0].split(" ")
        if not version.startswith("HTTP/1.") or not target.startswith("/"):
            raise ValueError
        headers = {}
        for line in lines[1:]:
            key, colon, value = line.partition(":")
            if not colon:
                raise ValueError
            headers[key.strip().lower()] = value.strip()
    except (ValueError, UnicodeError):
        raise Problem(400, "bad_request", "This is not an HTTP/1.1 request.", "Send a request line, headers and a blank line.")
    return Request(method, target.split("?")[0], headers)


def _length(request):
    text = request.headers.get("content-length")
    if text is None:
        if request.method == "POST" or "transfer-encoding" in request.headers:
            raise Problem(411, "length_required", "The request does not say how long its body is.", "Send a Content-Length header.")
        return 0
    if not text or not all(c in "0123456789" for c in text):
        raise Problem(400, "bad_request", "Content-Length is not a number.", "Send the number of bytes of the body.")
    # Digits are counted first: a number of a thousand digits would cost memory before it is compared.
    if len(text) > 7 or int(text) > MAX_BODY:
        raise Problem(413, "body_too_large", "The body is too large.", f"Send at most {MAX_BODY} bytes.")
    return int(text)


def render(status, body):
    """A whole response: a dict becomes JSON, a str HTML."""
    kind = "text/html; charset=utf-8" if isinstance(body, str) else "application/json"
    raw = (body if isinstance(body, str) else json.dumps(body)).encode()
    head = "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    return (head % (status, _REASONS.get(status, ""), kind, len(raw))).encode() + raw


async def _some(reader, limit):
    data = await reader.read(limit)
    if not data:
        raise EOFError
    return data


async def _swallow(reader):
    # Closing with bytes unread resets the connection, and the visitor would lose the answer with it.
    try:
        for _ in range(64):
            if not await asyncio.wait_for(reader.read(1024), 0.5):
                return
    except asyncio.TimeoutError:
        # Nothing more comes: just as good.
        pass
