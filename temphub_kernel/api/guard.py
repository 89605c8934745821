"""Looks at every request's first lines before anybody answers it: its host name, origin, asker, frequency. Endpoint thread only."""

from collections.abc import Awaitable
from ipaddress import ip_address
from urllib.parse import parse_qs, quote, urlsplit

from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine

from ..base.errors import TempHubError
from ..base.settings import Settings
from .entry import Entry, no_entry
from .hosts import Hosts
from .origin import check_origin, check_plain_get
from .replies import send, send_error
from .share import FairShare, pause, too_much

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

    def check(self, line: RequestStartLine, headers: HTTPHeaders, address: str, *, secure: bool) -> None:
        """Raises TempHubError for what is refused, Away for what is sent elsewhere."""
        path, _, query = line.path.partition("?")
        # The supervisor asks for the hub's health, and replaces a hub that does not answer.
        if self._share.over(address) and path != HEALTH:
            raise too_much(f"The address {address}")
        if path in PROBES_OWN:
            self._delivery(line, path, headers)
            return
        self._hosts.check(headers.get("Host"))
        if line.method not in READS or headers.get("Upgrade"):
            check_origin(headers)
        page = not _is_api(path)
        if page and self._tls_port and not secure and not _is_loopback(address) and not headers.get("Upgrade"):
            raise Away(_secure_url(headers.get("Host", ""), self._tls_port, line.path))
        # What changes something by POST is looked at by its handler, which sees the token in the body.
        if self.entry.closed and path not in ALWAYS and (page or line.method in READS):
            self._reading(line, page, query, headers)

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

    def _reading(self, line: RequestStartLine, page: bool, query: str, headers: HTTPHeaders) -> None:
        token = parse_qs(query, errors="replace").get("token", [None])[-1] if "token=" in query else None
        if self.entry.shown(headers, token):
            return
        if page and line.method in ("GET", "HEAD") and not headers.get("Upgrade"):
            raise Away("/login?next=" + quote(line.path, safe="/") if line.path != "/" else "/login")
        raise no_entry()


class Refused(HTTPMessageDelegate):
    """The answer to a request that goes no further. Whoever asks too often waits for it, and asks less by that."""

    def __init__(self, connection: HTTPConnection, why: TempHubError | Away) -> None:
        self._connection = connection
        self._why = why

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Awaitable[None] | None:
        """Answer without reading the body."""
        if isinstance(self._why, Away):
            send(self._connection, 303, b"", "text/plain", Location=self._why.place)
            return None
        if self._why.code == "too_many_requests":
            return self._later(self._why)
        send_error(self._connection, self._why)
        return None

    async def _later(self, why: TempHubError) -> None:
        await pause()
        send_error(self._connection, why)


def _is_api(path: str) -> bool:
    return path == "/metrics" or path == "/api" or path.startswith("/api/")


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _secure_url(host: str, port: int, path: str) -> str:
    name = urlsplit(f"//{host}").hostname or "localhost"
    return f"https://[{name}]:{port}{path}" if ":" in name else f"https://{name}:{port}{path}"
