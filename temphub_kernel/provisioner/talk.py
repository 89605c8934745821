"""Requests to one probe: short, bounded, and only to addresses a probe can have. Any thread."""

import json
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

import requests
import urllib3

from ..base.errors import TempHubError
from .wire import Limit, session

MOST_BYTES = 16 * 1024
LONGEST_TEXT = 200
LOCAL = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1")
HOME = tuple(map(ip_network, LOCAL))
# As Linux, macOS and Windows (by number) word them.
REASONS = {
    "refused": "nothing listens there",
    "No route to host": "there is no route to it",
    "unreachable": "there is no route to it",
    "10061": "nothing listens there",
    "10065": "there is no route to it",
    "10051": "there is no route to it",
}


class Status(NamedTuple):
    """What a probe says of itself. None or empty: it does not say (a probe of the old protocol)."""

    probe_id: str = ""
    server_url: str | None = None
    interval_ms: int | None = None
    token_set: bool | None = None
    needs_provision: bool = False
    boot: str = ""
    version: str = ""
    model: str = ""


class Talk:
    """Talks to probes, each named by (probe_id, ip, port) so that errors can say who it was about.

    networks: this computer's own networks (`192.168.1.0/24`), allowed beside the private ranges: some LANs have public
    addresses. stopped: asked while waiting; True ends every exchange early with an error.
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

    def limit(self) -> Limit:
        """A fresh allowance; one may span several requests to the same probe."""
        return Limit(self._connect_s, self._read_s, self._whole_s, lambda: self.stopped())

    def status(self, probe_id: str, ip: str, port: int, limit: Limit | None = None) -> Status | None:
        """GET /status. None when the probe has no such page. Raises TempHubError."""
        return self._ask(probe_id, ip, port, "/status", limit)

    def whoami(self, probe_id: str, ip: str, port: int, limit: Limit | None = None) -> Status | None:
        """GET /whoami. None when the probe has no such page. Raises TempHubError."""
        return self._ask(probe_id, ip, port, "/whoami", limit)

    def provision(self, probe_id: str, ip: str, port: int, url: str, interval_ms: int, token: str, limit: Limit | None = None) -> Status:
        """POST /provision; what the probe then says is in force. Raises TempHubError (`probe_claimed` when it wants another token)."""
        body = {"server_url": url, "interval_ms": interval_ms, "token": token}
        code, answer = self._exchange("POST", probe_id, ip, port, "/provision", limit, body, {"X-Token": token} if token else {})
        if code in (401, 403):
            raise claimed(probe_id, ip, port)
        if not 200 <= code < 300 or answer is None or answer.get("ok") is False:
            raise _refused(probe_id, ip, port, "to be told where to deliver", code, answer)
        return _status(answer)

    def order(self, probe_id: str, ip: str, port: int, path: str, body: Mapping[str, object], what: str, token: str) -> Status | None:
        """POST to a page of the probe's; None when it has no such page. what: as in 'it refused to update itself'.

        Raises TempHubError (`probe_claimed`, `probe_refused`, …).
        """
        code, answer = self._exchange("POST", probe_id, ip, port, path, None, body, {"X-Token": token} if token else {})
        if code in (401, 403):
            raise claimed(probe_id, ip, port)
        if code in (404, 405, 501):
            return None
        if not 200 <= code < 300 or answer is None or answer.get("ok") is False:
            raise _refused(probe_id, ip, port, what, code, answer)
        return _status(answer)

    def _ask(self, probe_id: str, ip: str, port: int, path: str, limit: Limit | None) -> Status | None:
        code, answer = self._exchange("GET", probe_id, ip, port, path, limit, None, {})
        if code in (401, 403):
            raise claimed(probe_id, ip, port)
        if code in (404, 405, 501):
            return None
        if code != 200 or answer is None:
            what = f"HTTP status {code}" if code != 200 else "something else than a JSON object"
            raise _no_probe(probe_id, ip, port, f"{path} with {what}")
        return _status(answer)

    def _exchange(
        self,
        method: str,
        probe_id: str,
        ip: str,
        port: int,
        path: str,
        limit: Limit | None,
        body: Mapping[str, object] | None,
        headers: Mapping[str, str],
    ) -> tuple[int, dict[str, object] | None]:
        """(status, JSON object or None). A redirect counts as an answer of its own and is never followed."""
        self._check_address(probe_id, ip)
        limit = limit or self.limit()
        url = f"http://[{ip}]:{port}{path}" if ":" in ip else f"http://{ip}:{port}{path}"
        send = {"Accept-Encoding": "identity", "Connection": "close", **headers}
        try:
            with session(limit) as one:
                wait = (min(limit.connect_s, limit.left()), limit.read_s)
                with one.request(method, url, json=body, headers=send, timeout=wait, allow_redirects=False, stream=True) as reply:
                    text = reply.raw.read(MOST_BYTES + 1, decode_content=False)
                    return reply.status_code, _json_object(text)
        except (OSError, requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise _unreachable(probe_id, ip, port, _plain(error)) from error

    def _check_address(self, probe_id: str, ip: str) -> None:
        try:
            address = _real(ip)
        except ValueError as error:
            raise _not_local(probe_id, ip) from error
        networks = (*HOME, *(ip_network(text, strict=False) for text in self._networks()))
        if address.is_unspecified or address.is_multicast or not any(address in network for network in networks):
            raise _not_local(probe_id, ip)


def _refused(probe_id: str, ip: str, port: int, what: str, code: int, answer: Mapping[str, object] | None) -> TempHubError:
    said = _text(answer or {}, "problem") or _text(answer or {}, "error") or f"HTTP status {code}"
    return TempHubError(
        f"The probe {probe_id} at {_at(ip, port)} refused {what}: {said.rstrip('.')}.",
        _text(answer or {}, "remedy") or "Restart the probe, or update its firmware with `temphub flash`.",
        code="probe_refused",
        status=502,
    )


def claimed(probe_id: str, ip: str, port: int) -> TempHubError:
    """The probe holds a token that is not ours."""
    return TempHubError(
        f"The probe {probe_id} at {_at(ip, port)} belongs to another hub: it holds a token that is not this hub's SERVER_TOKEN.",
        "Set SERVER_TOKEN to the other hub's token, or reset the probe's settings and let this hub find it again.",
        code="probe_claimed",
        status=409,
    )


def _real(ip: str) -> IPv4Address | IPv6Address:
    address = ip_address(ip)
    # ::ffff:8.8.8.8 is 8.8.8.8 in disguise.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _json_object(text: bytes) -> dict[str, object] | None:
    if len(text) > MOST_BYTES:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _status(answer: Mapping[str, object]) -> Status:
    interval, token_set = answer.get("interval_ms"), answer.get("token_set")
    return Status(
        _text(answer, "id"),
        _text(answer, "server_url").rstrip("/") if isinstance(answer.get("server_url"), str) else None,
        interval if isinstance(interval, int) and not isinstance(interval, bool) else None,
        token_set if isinstance(token_set, bool) else None,
        answer.get("needs_provision") is True,
        _text(answer, "boot"),
        _text(answer, "version"),
        _text(answer, "model"),
    )


def _text(answer: Mapping[str, object], key: str) -> str:
    value = answer.get(key)
    return "".join(char for char in value if char.isprintable())[:LONGEST_TEXT] if isinstance(value, str) else ""


def _plain(error: BaseException) -> str:
    """The reason in a few words: requests wraps it in several layers of its own."""
    text = str(error)
    if isinstance(error, requests.ConnectTimeout) or "onnectTimeout" in text:
        return "it does not answer"
    if isinstance(error, requests.Timeout | TimeoutError | urllib3.exceptions.TimeoutError) or "timed out" in text:
        return "it answers too slowly"
    for words, said in REASONS.items():
        if words in text:
            return said
    return "it breaks the connection off or answers with something else than HTTP"


def _at(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _unreachable(probe_id: str, ip: str, port: int, reason: str) -> TempHubError:
    return TempHubError(
        f"The probe {probe_id} at {_at(ip, port)} cannot be reached ({reason}), so it was not told where to deliver.",
        "Check that the probe has power and is in the same network as this computer; the hub tries again by itself.",
        code="probe_unreachable",
        status=502,
    )


def _no_probe(probe_id: str, ip: str, port: int, what: str) -> TempHubError:
    return TempHubError(
        f"The device at {_at(ip, port)} answers {what}, so it does not seem to be the probe {probe_id}.",
        "Check the address and the port, or restart the probe.",
        code="not_a_probe",
        status=502,
    )


def _not_local(probe_id: str, ip: str) -> TempHubError:
    return TempHubError(
        f"The probe {probe_id} is said to be at {ip}, outside this computer's own networks, so the hub does not talk to it.",
        "Connect the probe to the same network as this computer.",
        code="address_not_local",
        status=400,
    )
