"""The webhook: new readings are posted to a web address, in batches, each at least once. Its own thread."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from ..core import TempHubError, iso_utc, to_celsius
from ..engines import web
from ..journal import Point, Reader, Writer
from . import follower

BLOCK = 500


class Webhook(follower.Forwarder):
    """Posts `{"readings": [{"no", "probe_id", "time", "temperature_c", "quality"}, …]}`; any 2xx answer means
    that they were taken.

    `no` grows with each reading and never changes: a receiver that sees it twice has it already.
    """

    def __init__(
        self,
        url: str,
        journal: Path,
        writer: Writer,
        *,
        every_s: float = 1.0,
        timeout_s: float = web.TIMEOUT_S,
        pauses_s: Sequence[float] = follower.PAUSES_S,
    ) -> None:
        super().__init__("webhook", journal, writer, every_s=every_s, block=BLOCK, pauses_s=pauses_s)
        self._web = web.WebAddress(url, "The webhook", "WEBHOOK_URL", timeout_s)

    def stop(self, timeout_s: float = 4.0) -> bool:
        """Ends also while the other side takes its time; what was not acknowledged is posted at the next
        start."""
        self.stopping.set()
        self._web.cut()
        return super().stop(timeout_s)

    def take(self, points: list[Point], reader: Reader) -> None:
        if not points:
            return
        status, said = self._web.ask("POST", body(points))
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and self.block > 1:
            self.block = max(1, self.block // 2)
        if not 200 <= status < 300:
            raise TempHubError(
                f"The webhook {self._web.shown} {said}, so it did not take the readings.",
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
