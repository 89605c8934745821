"""A small HTTP server: reads bounded requests, hands them to routes, answers. One request a connection, eight connections.

A route is (method, path) -> function(request) giving a dict (JSON) or a str (HTML), or raising Problem or Redirect.
"""

import asyncio
import gc
import json

from probe.request import Problem, read_request

MAX_OPEN = 8
_REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
_REASONS.update({408: "Request Timeout", 411: "Length Required", 413: "Content Too Large", 500: "Internal Server Error"})
_REASONS.update({431: "Request Header Fields Too Large", 503: "Service Unavailable"})


class Redirect(Exception):
    """An answer that sends a browser to another address."""

    def __init__(self, place):
        super().__init__(place)
        self.place = place


class Server:
    """`serve` is the connection callback for the port's start_server; `net` has finish, hang_up and drop for a writer.

    `doorman(request)` is asked before the routes: it gives a function that answers instead of them, or None.
    """

    def __init__(self, routes, net, failed, timeout_s=5, most=MAX_OPEN, doorman=None):
        self._routes = routes
        self._net = net
        self._failed = failed
        self._timeout_s = timeout_s
        self._most = most
        self._doorman = doorman
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
        place = None
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
        except MemoryError:
            # Some parts are loaded to answer; a moment later there may be room for them.
            gc.collect()
            body = Problem(503, "no_memory", "The probe has no memory left for this answer.", "Try again in a minute.").body
            status = 503
        except Redirect as redirect:
            status, body, place = 302, "", redirect.place
        writer.write(render(status, body, place))
        await asyncio.wait_for(writer.drain(), self._timeout_s)
        self._net.finish(writer)
        if unread:
            await _swallow(reader)
        await self._net.hang_up(writer)

    def _route(self, request):
        instead = self._doorman and self._doorman(request)
        if instead:
            return instead
        known = [method for method, path in self._routes if path == request.path]
        if not known:
            raise Problem(404, "not_found", "There is nothing at this path.", "Ask for /, /whoami or /status.")
        if request.method not in known:
            raise Problem(405, "wrong_method", f"This path does not take {request.method[:10]}.", "Use " + " or ".join(known) + ".")
        return self._routes[(request.method, request.path)]


def render(status, body, place=None):
    """A whole response: a dict becomes JSON, a str HTML; `place` is where a browser is sent."""
    kind = "text/html; charset=utf-8" if isinstance(body, str) else "application/json"
    raw = (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", "Content-Type: " + kind, f"Content-Length: {len(raw)}"]
    if place:
        lines.append("Location: " + place)
    return ("\r\n".join(lines) + "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n").encode() + raw


async def _swallow(reader):
    # Closing with bytes unread resets the connection, and the visitor would lose the answer with it.
    try:
        for _ in range(64):
            if not await asyncio.wait_for(reader.read(1024), 0.5):
                return
    except asyncio.TimeoutError:
        # Nothing more comes: just as good.
        pass
