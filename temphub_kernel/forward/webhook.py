"""The webhook: new readings are posted to a web address, in batches, each at least once. Its own thread.

It does not use base.http: it speaks TLS, and its receiver may be anywhere and have a name.
"""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..core import TempHubError, iso_utc, to_celsius
from ..journal import Point, Reader, Writer
from .follower import PAUSES_S, Forwarder

TIMEOUT_S = 15.0
BLOCK = 500
MOST_ANSWER = 64 * 1024


class Webhook(Forwarder):
    """Posts `{"readings": [{"no", "probe_id", "time", "temperature_c", "quality"}, …]}`; any 2xx answer means that they were taken.

    `no` grows with each reading and never changes: a receiver that sees it twice has it already.
    """

    def __init__(
        self,
        url: str,
        journal: Path,
        writer: Writer,
        *,
        every_s: float = 1.0,
        timeout_s: float = TIMEOUT_S,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        super().__init__("webhook", journal, writer, every_s=every_s, block=BLOCK, pauses_s=pauses_s)
        self._url = urlsplit(url)
        self._timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None

    @property
    def shown(self) -> str:
        """The address without its password and its query, which may hold a key."""
        host = self._url.netloc.rpartition("@")[2]
        return f"{self._url.scheme}://{host}{self._url.path}"

    def stop(self, timeout_s: float = 4.0) -> bool:
        """Ends also while the other side takes its time; what was not acknowledged is posted at the next start."""
        self.stopping.set()
        with suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # none under way is the usual case
        return super().stop(timeout_s)

    def take(self, points: list[Point], reader: Reader) -> None:
        if not points:
            return
        try:
            status, reason, where = self._post(body(points))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from error
        if status == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE and self.block > 1:
            self.block = max(1, self.block // 2)
        if not 200 <= status < 300:
            raise self._refusal(status, reason, where)

    def _post(self, data: bytes) -> tuple[int, str, str]:
        """(status, reason, where a redirect leads). A redirect is not followed: a POST would arrive as a GET without its readings."""
        connection = self._connection = self._open()
        try:
            path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
            connection.request("POST", path, data, self._headers())
            reply = connection.getresponse()
            reply.read(MOST_ANSWER)
            return reply.status, reply.reason, reply.headers.get("Location", "")
        finally:
            self._connection = None
            connection.close()

    def _open(self) -> http.client.HTTPConnection:
        host = self._url.hostname or ""
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(host, self._url.port, timeout=self._timeout_s, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, self._url.port, timeout=self._timeout_s)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "TempHub", "Connection": "close"}
        if self._url.username is None:
            return headers
        secret = f"{unquote(self._url.username)}:{unquote(self._url.password or '')}"
        return {**headers, "Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}

    def _unreachable(self, error: Exception) -> TempHubError:
        return TempHubError(
            f"The webhook {self.shown} cannot be reached ({getattr(error, 'strerror', '') or str(error) or type(error).__name__}).",
            "Check that it runs, or correct or remove WEBHOOK_URL.",
            code="webhook_unreachable",
        )

    def _refusal(self, status: int, reason: str, where: str) -> TempHubError:
        answer = f"sends on to {where}" if 300 <= status < 400 else f"answers {status} {reason}"
        return TempHubError(
            f"The webhook {self.shown} {answer[:200]}, so it did not take the readings.",
            "Set WEBHOOK_URL to an address that takes them with a 2xx answer.",
            code="webhook_refused",
        )


def body(points: list[Point]) -> bytes:
    """The readings as they are posted."""
    return json.dumps({"readings": [_reading(point) for point in points]}).encode()


def _reading(point: Point) -> dict[str, object]:
    return {
        "no": point.no,
        "probe_id": point.probe_id,
        "time": iso_utc(point.taken_ms),
        "temperature_c": None if point.units is None else to_celsius(point.units),
        "quality": point.quality,
    }
