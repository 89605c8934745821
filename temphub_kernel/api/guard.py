"""Looks at every request's first lines before anybody answers it: its host name, origin, asker, frequency. Endpoint thread only."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from urllib.parse import parse_qs, quote, urlsplit

from tornado.httputil import HTTPConnection, HTTPHeaders, RequestStartLine, ResponseStartLine

from ..base.errors import TempHubError
from ..base.ip import real_address
from ..base.settings import Settings
from .entry import Entry, no_entry
from .hosts import Hosts
from .limited import Early
from .origin import check_origin, check_plain_get
from .replies import begin, begin_error
from .share import FairShare, TooManyRequests, too_much
from .strays import is_api

READS = ("GET", "HEAD", "OPTIONS")
# What probes use: their token is looked at where the body is, and a password is no business of theirs.
PROBES_OWN = ("/api/ingest", "/api/hello", "/api/firmware/manifest", "/api/firmware/file")
# Open to everybody, so that programs that watch over the hub can ask, and people can log in.
HEALTH = "/api/health"
ALWAYS = (HEALTH, "/login", "/logout")


class Away(Exception):
    """The browser is sent elsewhere."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class Guard:
    """One for all requests of an endpoint. tls_port: where pages are to be asked for from other devices; 0: no such port."""

    def __init__(self, settings: Settings, entry: Entry, share: FairShare, tls_port: int = 0) -> None:
        self.entry = entry
        self._hosts = Hosts(settings)
        self._token = settings.server_token
        self._tls_port = tls_port
        self._share = share

    def check(self, line: RequestStartLine, headers: HTTPHeaders, address: str, *, secure: bool, stray: bool = False) -> None:
        """Raises TempHubError for what is refused, Away for what is sent elsewhere. stray: what nothing but words is there for."""
        path, _, query = line.path.partition("?")
        # The supervisor asks for the hub's health, and replaces a hub that does not answer.
        if self.asks_too_often(address) and path != HEALTH:
            raise too_much(f"The address {address}")
        if path in PROBES_OWN:
            self._delivery(line, path, headers)
            return
        self._hosts.check(headers.get("Host"))
        if line.method not in READS or headers.get("Upgrade"):
            check_origin(headers)
        if stray:
            return
        page = not is_api(path)
        if page and self._tls_port and not secure and not _is_loopback(address) and not headers.get("Upgrade"):
            raise Away(_secure_url(headers.get("Host", ""), self._tls_port, line.path))
        # What changes something by POST is looked at by its handler, which sees the token in the body.
        if self.entry.closed and path not in ALWAYS and (page or line.method in READS):
            self._reading(line, page, query, headers, address)

    def asks_too_often(self, address: str) -> bool:
        """Count a request; whether its address takes more than its share."""
        return self._share.over(address)

    def wait_s(self) -> float:
        """How long who takes more waits for the answer that says so."""
        return self._share.wait_s()

    def _delivery(self, line: RequestStartLine, path: str, headers: HTTPHeaders) -> None:
        browser = "Origin" in headers or "Sec-Fetch-Site" in headers
        if line.method == "GET" and path == "/api/ingest":
            self._hosts.check(headers.get("Host"))
            # With a token in force only those who know it get further.
            if not self._token:
                check_plain_get(headers)
        elif line.method == "POST" and browser:
            # A probe may have been given any name for its hub; only a browser can be led astray by one.
            self._hosts.check(headers.get("Host"))
            check_origin(headers)

    def _reading(self, line: RequestStartLine, page: bool, query: str, headers: HTTPHeaders, address: str) -> None:
        token = parse_qs(query, errors="replace").get("token", [None])[-1] if "token=" in query else None
        if self.entry.shown(headers, address, token):
            return
        if page and line.method in ("GET", "HEAD") and not headers.get("Upgrade"):
            raise Away("/login?next=" + quote(line.path, safe="/") if line.path != "/" else "/login")
        raise no_entry()


class Refused(Early):
    """The answer to a request that goes no further. Whoever asks too often waits for it, and asks less by that."""

    def __init__(self, connection: HTTPConnection, why: TempHubError | Away, share: FairShare) -> None:
        if isinstance(why, Away):
            answer = partial(begin, connection, 303, b"", "text/plain", Location=why.place)
        else:
            answer = partial(begin_error, connection, why)
        super().__init__(connection, answer)
        self._share = share
        self._waits = isinstance(why, TooManyRequests)

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Awaitable[None] | None:
        """Answer without the body."""
        return self._later(start_line, headers) if self._waits else super().headers_received(start_line, headers)

    async def _later(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        await asyncio.sleep(self._share.wait_s())
        super().headers_received(start_line, headers)


def _is_loopback(address: str) -> bool:
    try:
        return real_address(address).is_loopback
    except ValueError:
        return False


def _secure_url(host: str, port: int, path: str) -> str:
    name = urlsplit(f"//{host}").hostname or "localhost"
    return f"https://[{name}]:{port}{path}" if ":" in name else f"https://{name}:{port}{path}"
