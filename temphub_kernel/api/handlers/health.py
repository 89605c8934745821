"""The hub's health, its figures, its doctor, the contract itself, and what is no path of the API. Endpoint
thread only."""

import json
from collections.abc import Awaitable

from ...core import INSTANCE, iso_utc, now_ms
from ...journal import Reader
from .. import base, contract, metrics, not_found

NOTHING_SAID = {"workers": [], "problem": "", "remedy": ""}


class Health(base.ApiHandler):
    """`GET /api/health`"""

    def get(self) -> None:
        health = self.room.desk.health()
        if not self.room.entry.admits(
            self.request.headers, self._address, self.get_query_argument("token", None)
        ):
            # Whether it runs is for everybody to know; where it lies and what it holds is not.
            health = {
                **{name: health[name] for name in ("version", "uptime_s", "readings", "csv_waiting")},
                **NOTHING_SAID,
            }
        self.reply({"ok": True, "time": iso_utc(now_ms()), "instance": INSTANCE, **health})


class MetricsText(base.ApiHandler):
    """`GET /metrics`"""

    async def get(self) -> None:
        metrics, health = self.room.metrics, self.room.desk.health()
        metrics.settle()
        # Of thousands of probes it is a long text, and deliveries wait for this thread.
        text = await self.room.questions.ask(lambda reader: metrics.text(health, _figures(reader)))
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(text)


def _figures(reader: Reader) -> metrics.Stored:
    probes = {probe["id"]: probe for probe in reader.probes()}
    return metrics.Stored(reader.newest(), probes, reader.live_alarms(), list(reader.outbox().values()))


class Doctor(base.ApiHandler):
    """`GET /api/doctor`: what `temphub doctor` says of this computer, for the page.

    An examination measures the disk, reads the whole journal, sends on the network and asks every probe: in a
    process of its own, one at a time, below the hub's own priority. Whoever asks meanwhile or at once again
    is given the same answer, a bounded number of them.
    """

    async def get(self) -> None:
        await self.hold()
        self.reply({"ok": True, **await self.room.examinations.latest(self.request.remote_ip or "")})


class Contract(base.ApiHandler):
    """`GET /api/openapi.json`"""

    def get(self) -> None:
        self.finish(json.dumps(contract.contract()).encode())


class Unknown(base.ApiHandler):
    """Any other path below `/api/`."""

    def prepare(self) -> Awaitable[None] | None:
        raise not_found.unknown(self.request.method or "", self.request.path)
