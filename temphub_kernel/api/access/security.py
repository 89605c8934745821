"""Looks at every request's first lines before anybody answers it: host name, origin, asker, frequency.
Endpoint thread only."""

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from urllib.parse import parse_qs, quote, urlsplit

from tornado.httputil import HTTPConnection, HTTPHeaders, RequestStartLine, ResponseStartLine

from ...core import Forbidden, Settings, TempHubError, real_address
from .. import not_found, replies
from . import auth, lockout, rate_limit
from .tarpit import Tarpit

# Nobody can register a name below these: they live in the LAN's own name service.
PRIVATE = ("localhost", "local", "lan", "home.arpa", "internal", "localdomain")
REMEMBERED = 256


class Hosts:
    """Decides by name; answers are remembered, a few hundred at most."""

    def __init__(self, settings: Settings) -> None:
        own = socket.gethostname().lower()
        base = urlsplit(settings.public_base).hostname if settings.public_base else None
        # The most sold router of German-speaking homes names its guests so.
        self._named = {
            own,
            f"{own}.fritz.box",
            settings.host.lower(),
            *settings.allowed_hosts,
            *([base.lower()] if base else []),
        }
        self._known: dict[str, bool] = {}

    def check(self, host: str | None) -> None:
        """Raises TempHubError (421). No Host header at all is no browser."""
        if host and not self._is_ours(host):
            raise _foreign_host(host)

    def _is_ours(self, host: str) -> bool:
        answer = self._known.get(host)
        if answer is None:
            answer = self._decide(host)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[host] = answer
        return answer

    def _decide(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        # A number cannot be pointed elsewhere, and a name without a dot has no owner on the internet.
        return (
            _is_number(name)
            or "." not in name
            or name in self._named
            or any(name.endswith("." + last) for last in PRIVATE)
        )


def _is_number(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


class ForeignHost(TempHubError):
    """Raised when the hub is asked for by a name that is none of its own."""

    code = "foreign_host"
    status = 421


def _foreign_host(host: str) -> TempHubError:
    name = "".join(char for char in host[:80] if char.isprintable())
    return ForeignHost(
        f"This hub was asked for as {name}, which is none of its names; a foreign web page might have done "
        "that.",
        "Open the hub by its address or as temphub.local; if the name is right, add it to ALLOWED_HOSTS.",
    )


OWN = ("same-origin", "none")


def check_origin(headers: HTTPHeaders) -> None:
    """Raises TempHubError (403) when the request was made by a page of somebody else's."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None and site not in OWN:
        raise _foreign(headers.get("Origin") or "another site")
    origin = headers.get("Origin")
    if origin is not None and not _same(origin, headers.get("Host", "")):
        raise _foreign(origin)


def check_plain_get(headers: HTTPHeaders) -> None:
    """The same for a GET that writes. Raises TempHubError (403).

    To an address without TLS a browser says nothing of where an image or a frame comes from. So what looks
    like a browser has to show that it is meant: by Sec-Fetch-Site, or by coming from a page of this hub.
    """
    check_origin(headers)
    if headers.get("Sec-Fetch-Site") is None and headers.get("User-Agent", "").startswith("Mozilla/"):
        came = headers.get("Referer")
        if came is None or not _same(came, headers.get("Host", "")):
            raise _foreign(came or "a page that does not say which")


def _same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
        wanted = urlsplit(f"{parts.scheme}://{host}")
        default = 443 if parts.scheme == "https" else 80
        here = (parts.hostname, parts.port or default), (wanted.hostname, wanted.port or default)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and here[0] == here[1]


def _foreign(origin: str) -> TempHubError:
    shown = "".join(char for char in origin[:80] if char.isprintable())
    return Forbidden(
        f"A web page of {shown} tried to change something in this hub, which only its own page may.",
        "Use the hub's own page, or a program such as curl; a probe needs nothing of this.",
        code="cross_site",
    )


READS = ("GET", "HEAD", "OPTIONS")
# What probes use: their token is looked at where the body is, and a password is no business of theirs.
PROBES_OWN = ("/api/ingest", "/api/hello", "/api/firmware/manifest", "/api/firmware/file")
# Open to everybody, so that programs that watch over the hub can ask, and people can log in.
HEALTH = "/api/health"
ALWAYS = (HEALTH, *not_found.DOORS, *not_found.HOME_SCREEN)


class Away(Exception):
    """The browser is sent elsewhere."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class Guard:
    """One for all requests of an endpoint. tls_port: where pages are to be asked for from other devices; 0:
    no such port."""

    def __init__(
        self, settings: Settings, entry: auth.Entry, share: rate_limit.FairShare, tls_port: int = 0
    ) -> None:
        self.entry = entry
        self._hosts = Hosts(settings)
        self._token = settings.server_token
        self._tls_port = tls_port
        self._share = share

    def check(
        self, line: RequestStartLine, headers: HTTPHeaders, address: str, *, secure: bool, stray: bool = False
    ) -> None:
        """Raises TempHubError for what is refused, Away for what is sent elsewhere. stray: what nothing but
        words is there for."""
        path, _, query = line.path.partition("?")
        # The supervisor asks for the hub's health, and replaces a hub that does not answer.
        if self.asks_too_often(address) and path != HEALTH:
            raise rate_limit.too_much(f"The address {address}")
        if path in PROBES_OWN:
            self._delivery(line, path, headers)
            return
        self._hosts.check(headers.get("Host"))
        if line.method not in READS or headers.get("Upgrade"):
            check_origin(headers)
        if stray:
            return
        page = not not_found.is_api(path)
        if (
            page
            and self._tls_port
            and not secure
            and not _is_loopback(address)
            and not headers.get("Upgrade")
        ):
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

    def _reading(
        self, line: RequestStartLine, page: bool, query: str, headers: HTTPHeaders, address: str
    ) -> None:
        token = parse_qs(query, errors="replace").get("token", [None])[-1] if "token=" in query else None
        if self.entry.shown(headers, address, token):
            return
        if page and line.method in ("GET", "HEAD") and not headers.get("Upgrade"):
            raise Away("/login?next=" + quote(line.path, safe="/") if line.path != "/" else "/login")
        raise auth.no_entry()


class Refused(replies.Early):
    """The answer to a request that goes no further. Whoever asks too often waits for it, and asks less by
    that.

    share: of who takes more than that; tarpit, address: of all others, None for a probe's own request.
    """

    def __init__(
        self,
        connection: HTTPConnection,
        why: TempHubError | Away,
        share: rate_limit.FairShare,
        tarpit: Tarpit | None,
        address: str,
    ) -> None:
        if isinstance(why, Away):
            answer = partial(replies.begin, connection, 303, b"", "text/plain", Location=why.place)
        else:
            answer = partial(replies.begin_error, connection, why)
        super().__init__(connection, answer)
        self._hold_s = 0.0
        if isinstance(why, rate_limit.TooManyRequests):
            self._hold_s = share.wait_s()
        elif tarpit is not None and isinstance(why, TempHubError):
            self._hold_s = tarpit.hold_s(lockout.place_of(address))

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Answer without the body."""
        return (
            self._later(start_line, headers)
            if self._hold_s
            else super().headers_received(start_line, headers)
        )

    async def _later(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        stream, left = getattr(self._connection, "stream", None), asyncio.Event()
        if stream is not None:
            stream.set_close_callback(left.set)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._hold_s):
                await left.wait()
        if stream is not None:
            stream.set_close_callback(None)
        super().headers_received(start_line, headers)


def _is_loopback(address: str) -> bool:
    try:
        return real_address(address).is_loopback
    except ValueError:
        return False


def _secure_url(host: str, port: int, path: str) -> str:
    name = urlsplit(f"//{host}").hostname or "localhost"
    return f"https://[{name}]:{port}{path}" if ":" in name else f"https://{name}:{port}{path}"
