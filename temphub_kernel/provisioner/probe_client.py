"""Requests to one probe: short, bounded, and only to addresses a probe can have. Any thread."""

import errno
import json
import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_network
from typing import NamedTuple

from ..core import MAX_SEQ, Sighting, TempHubError, clock, http, is_probe_id, real_address
from ..trust import is_hex
from .errors import claimed, no_probe, not_local, numeric, said_text, unknown, unreachable

MOST_BYTES = 16 * 1024
# What firmware answers that has no such page.
NO_SUCH_PAGE = (404, 405, 501)
VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})")
LAST_WITH_BASE = (0, 3)
# A hub that records answers within milliseconds; a computer that is off never does.
HUB_S = 1.5
LOCAL = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
    "::1",
)
HOME = tuple(map(ip_network, LOCAL))
# The system's own numbers; those of five digits are Windows'.
REFUSED = (errno.ECONNREFUSED, 10061)
NO_ROUTE = (errno.EHOSTUNREACH, errno.ENETUNREACH, 10065, 10051)


class Status(NamedTuple):
    """What a probe says of itself. None or empty: it does not say (a probe of the owner's form).

    takes_base: our own firmware up to 0.3, which adds /api/ingest to whatever it is told.
    delivering: its last delivery was taken. sent_ms: where its count of milliseconds stood, heard at heard_s
    of the monotonic clock. heap_free: bytes of memory that its firmware has left; only MicroPython knows it.
    outbox: how many readings wait on it; rssi: the strength of its Wi-Fi in dBm.
    """

    probe_id: str = ""
    server_url: str | None = None
    interval_ms: int | None = None
    token_set: bool | None = None
    needs_provision: bool = False
    boot: str = ""
    version: str = ""
    model: str = ""
    key_id: str | None = None
    nonce: str = ""
    takes_base: bool = False
    delivering: bool = False
    sent_ms: int | None = None
    heard_s: float = 0.0
    heap_free: int | None = None
    outbox: int | None = None
    rssi: int | None = None


class Talk:
    """Talks to probes, each named by (probe_id, ip, port) so that errors can say who it was about.

    networks: this computer's own networks (`192.168.1.0/24`), allowed beside the private ranges: some LANs
    have public addresses. stopped: asked while waiting; True ends every exchange early with an error.
    """

    def __init__(
        self,
        networks: Callable[[], Iterable[str]] = tuple,
        *,
        connect_s: float = 2.0,
        read_s: float = 3.0,
        whole_s: float = 6.0,
    ) -> None:
        self.stopped: Callable[[], bool] = lambda: False
        self._networks = networks
        self._connect_s = connect_s
        self._read_s = read_s
        self._whole_s = whole_s

    def limit(self) -> http.Limit:
        """A fresh allowance; one may span several requests to the same probe."""
        return http.Limit(self._connect_s, self._read_s, self._whole_s, lambda: self.stopped())

    def status(self, probe_id: str, ip: str, port: int, limit: http.Limit | None = None) -> Status | None:
        """GET /status. None when the probe has no such page. Raises TempHubError."""
        return self._ask(probe_id, ip, port, "/status", limit)

    def whoami(self, probe_id: str, ip: str, port: int, limit: http.Limit | None = None) -> Status | None:
        """GET /whoami. None when the probe has no such page. Raises TempHubError."""
        return self._ask(probe_id, ip, port, "/whoami", limit)

    def hub(self, probe_id: str, ip: str, port: int) -> tuple[int, dict[str, object]] | None:
        """(status, answer) of GET /api/health at the place where a probe delivers; None when nobody answers
        there in time."""
        limit = http.Limit(
            min(self._connect_s, HUB_S), min(self._read_s, HUB_S), HUB_S, lambda: self.stopped()
        )
        try:
            code, answer = self._exchange("GET", probe_id, ip, port, "/api/health", limit, None, {})
        except TempHubError:
            return None
        return code, answer or {}

    def post(
        self,
        probe_id: str,
        ip: str,
        port: int,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        limit: http.Limit | None = None,
    ) -> tuple[int, dict[str, object] | None]:
        """(status, JSON object or None) of a POST. Raises TempHubError when nobody answers."""
        return self._exchange("POST", probe_id, ip, port, path, limit, body, headers)

    def _ask(self, probe_id: str, ip: str, port: int, path: str, limit: http.Limit | None) -> Status | None:
        code, answer = self._exchange("GET", probe_id, ip, port, path, limit, None, {})
        if code in (401, 403):
            raise claimed(probe_id, ip, port)
        if code in NO_SUCH_PAGE:
            return None
        if code != 200 or answer is None:
            what = f"HTTP status {code}" if code != 200 else "something else than a JSON object"
            raise no_probe(probe_id, ip, port, f"{path} with {what}")
        return status_of(answer)._replace(heard_s=clock.monotonic_s())

    def _exchange(
        self,
        method: str,
        probe_id: str,
        ip: str,
        port: int,
        path: str,
        limit: http.Limit | None,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> tuple[int, dict[str, object] | None]:
        """(status, JSON object or None). A redirect counts as an answer of its own and is never followed."""
        self._check_address(probe_id, ip)
        limit = limit or self.limit()
        url = f"http://[{ip}]:{port}{path}" if ":" in ip else f"http://{ip}:{port}{path}"
        try:
            reply = http.exchange(method, url, limit, MOST_BYTES, body, headers)
        except (OSError, ValueError) as error:
            raise unreachable(probe_id, ip, port, _plain(error)) from error
        return reply.status, _json_object(reply.body)

    def _check_address(self, probe_id: str, ip: str) -> None:
        try:
            address = real_address(ip)
        except ValueError as error:
            raise not_local(probe_id, ip) from error
        if address.is_unspecified or address.is_multicast:
            raise not_local(probe_id, ip)
        # The computer's own networks are asked of the system, which costs more than all the rest of a check.
        if not any(address in network for network in HOME) and not any(
            address in ip_network(text, strict=False) for text in self._networks()
        ):
            raise not_local(probe_id, ip)


def introduced(talk: Talk, host: str, port: int) -> Sighting:
    """The device at an address that nobody knows yet, by what it says of itself. Raises TempHubError."""
    ip, limit = numeric(host, port), talk.limit()
    told = talk.whoami(host, ip, port, limit)
    if told is None or not is_probe_id(told.probe_id):
        told = talk.status(host, ip, port, limit)
    probe_id = told.probe_id if told is not None and is_probe_id(told.probe_id) else host
    if not is_probe_id(probe_id):
        raise unknown(host, "does not say its id")
    return Sighting(probe_id, ip, port, boot=told.boot if told else "", via="api")


def _json_object(text: bytes) -> dict[str, object] | None:
    if len(text) > MOST_BYTES:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def status_of(answer: Mapping[str, object]) -> Status:
    """What an answer of a probe's says; a field of the wrong type counts as not said."""
    interval, token_set, free = answer.get("interval_ms"), answer.get("token_set"), answer.get("heap_free")
    return Status(
        said_text(answer, "id"),
        said_text(answer, "server_url").rstrip("/") if isinstance(answer.get("server_url"), str) else None,
        interval if isinstance(interval, int) and not isinstance(interval, bool) else None,
        token_set if isinstance(token_set, bool) else None,
        answer.get("needs_provision") is True,
        said_text(answer, "boot"),
        said_text(answer, "version"),
        said_text(answer, "model"),
        said_text(answer, "key_id") if isinstance(answer.get("key_id"), str) else None,
        said_text(answer, "nonce") if is_hex(answer.get("nonce"), 16) else "",
        _takes_base(answer),
        _delivering(answer),
        _count(answer),
        heap_free=free if isinstance(free, int) and not isinstance(free, bool) else None,
        outbox=_within(answer, "outbox", 0, MAX_SEQ),
        rssi=_within(answer, "rssi", -150, 0),
    )


def _takes_base(answer: Mapping[str, object]) -> bool:
    """Firmware of ours that appends the path by itself; somebody else's may have any number for a version."""
    ours = "outbox" in answer and "needs_provision" in answer
    number = VERSION.match(said_text(answer, "version"))
    return ours and number is not None and (int(number[1]), int(number[2])) <= LAST_WITH_BASE


def _delivering(answer: Mapping[str, object]) -> bool:
    """Whether it says that what it delivered last was taken."""
    delivered = answer.get("delivered")
    return isinstance(delivered, int) and delivered > 0 and answer.get("last_error") in (None, "")


def _count(answer: Mapping[str, object]) -> int | None:
    return _within(answer, "sent_ms", 0, MAX_SEQ)


def _within(answer: Mapping[str, object], name: str, low: int, high: int) -> int | None:
    value = answer.get(name)
    return value if type(value) is int and low <= value <= high else None


def _plain(error: OSError | ValueError) -> str:
    """The reason in a few words."""
    if isinstance(error, http.NoConnection):
        return "it does not answer"
    if isinstance(error, TimeoutError):
        return "it answers too slowly"
    number = getattr(error, "errno", None)
    if number in REFUSED:
        return "nothing listens there"
    if number in NO_ROUTE:
        return "there is no route to it"
    return "it breaks the connection off or answers with something else than HTTP"
