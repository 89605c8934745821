"""A small HTTP server: reads bounded requests, hands them to routes, answers. One request a connection, eight
connections.

A route is (method, path) -> function(request) giving a dict (JSON) or a str (HTML), or raising Problem or
Redirect.
"""

import asyncio
import gc

from probe.reading import dumps
from probe.rooms import give_up

MAX_OPEN = 8


class Problem(Exception):
    """An answer other than 200: status, a short code, what is wrong, what to do."""

    def __init__(self, status, code, problem, remedy):
        super().__init__(problem)
        self.status = status
        self.body = {"ok": False, "error": code, "problem": problem, "remedy": remedy}


def refused(name, *values):
    """The Problem of that name, to be raised; see refusals.py."""
    from probe import refusals

    try:
        status, code, problem, remedy = refusals.SAID[name]
        return Problem(status, code, problem.format(*values), remedy.format(*values))
    finally:
        give_up("probe.refusals")


class Redirect(Exception):
    """An answer that sends a browser to another address."""

    def __init__(self, place):
        super().__init__(place)
        self.place = place


class Server:
    """`serve` is the connection callback for the port's start_server; `net` has finish, hang_up and drop for
    a writer.

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
            self._failed("web server", error)
        finally:
            self._open -= 1
            self._net.drop(writer)

    async def _converse(self, reader, writer):
        unread = True
        place = None
        try:
            if self._open > self._most:
                raise refused("busy", self._most)
            request = await asyncio.wait_for(self._read(reader), self._timeout_s)
            unread = False
            status, body = 200, self._route(request)(request)
        except asyncio.TimeoutError:
            # Before OSError: on CPython a time-out is one.
            problem = refused("too_slow", self._timeout_s)
            status, body = problem.status, problem.body
        except Problem as problem:
            status, body = problem.status, problem.body
        except MemoryError:
            # Some parts are loaded to answer; a moment later there may be room for them.
            gc.collect()
            body = Problem(
                503, "no_memory", "The probe has no memory left for this answer.", "Try again in a minute."
            ).body
            status = 503
        except Redirect as redirect:
            status, body, place = 302, "", redirect.place
        body = render(status, body, place)
        writer.write(body)
        # Not kept while the visitor takes it: a page is one of the largest things there are.
        body = None
        await asyncio.wait_for(writer.drain(), self._timeout_s)
        self._net.finish(writer)
        if unread:
            await _swallow(reader)
        await self._net.hang_up(writer)

    async def _read(self, reader):
        from probe.request import read_request

        give_up("probe.request")
        return await read_request(reader)

    def _route(self, request):
        instead = self._doorman and self._doorman(request)
        if instead:
            return instead
        host = request.headers.get("host", "")
        # A number cannot be pointed elsewhere, and hubs use no other.
        if "." in host and not host.replace(".", "").replace(":", "").isdigit():
            from probe.host_check import check

            try:
                check(host)
            finally:
                give_up("probe.host_check")
        known = [method for method, path in self._routes if path == request.path]
        if not known:
            raise refused("not_found")
        if request.method not in known:
            raise refused("wrong_method", request.method[:10], " or ".join(known))
        return self._routes[(request.method, request.path)]


def reason(status):
    """The word for a status; see refusals.py."""
    if status == 200:
        return "OK"
    from probe import refusals

    try:
        return refusals.REASONS.get(status, "")
    finally:
        give_up("probe.refusals")


def render(status, body, place=None):
    """A whole response: a dict becomes JSON, a str HTML; `place` is where a browser is sent."""
    kind = "text/html; charset=utf-8" if isinstance(body, str) else "application/json"
    raw = (body if isinstance(body, str) else dumps(body)).encode()
    lines = [f"HTTP/1.1 {status} {reason(status)}", "Content-Type: " + kind, f"Content-Length: {len(raw)}"]
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
