"""The rest of the API: health, probes, hello, provision, metrics, the contract itself. Endpoint thread only."""

import json
from collections.abc import Awaitable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError, RequestHandler

from ..base.clock import iso_utc, now_ms
from ..base.errors import TempHubError
from ..base.reading import MAX_INTERVAL_MS, MIN_INTERVAL_MS, board_of, to_celsius
from ..journal import Writer
from .audit import Audit
from .auth import authorised_json
from .contract import contract
from .desk import Desk
from .entry import Entry, bearer, no_entry
from .fields import host_field, int_field
from .firmware import Firmware
from .headers import protect
from .metrics import Metrics
from .questions import Questions
from .replies import dump, unforeseen
from .validate import bad, check_text, parse_json

NOTHING_SAID = {"workers": [], "problem": "", "remedy": ""}

if TYPE_CHECKING:
    from .examination import Examinations
    from .export import Jobs


@dataclass(frozen=True)
class Room:
    """What the handlers share."""

    token: str
    desk: Desk
    metrics: Metrics
    questions: Questions
    firmware: Firmware
    writer: Writer
    exports: "Jobs"
    entry: Entry
    audit: Audit
    examinations: "Examinations"


class ApiHandler(RequestHandler):
    """Replies in the hub's own shape, whatever goes wrong. changes: whether its POST is a person's business, not a probe's."""

    changes = True

    def initialize(self, room: Room) -> None:
        """Called by Tornado for each request."""
        self.room = room

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        protect(self)

    def body(self) -> dict[str, Any]:
        """The JSON object sent, after its token was found right. Raises TempHubError."""
        given = self.request.headers.get("X-Token"), bearer(self.request.headers), self.get_query_argument("token", None)
        self._by = "token" if self.room.token else "anyone"
        if self.room.entry.closed and self.room.entry.shown(self.request.headers, given[-1]):
            # A person's login, or a page of this computer with its key, needs no token besides.
            self._by = "login" if self.room.entry.in_session(self.request.headers) else "key"
            self._said = parse_json(self.request.body)
        elif self.room.entry.closed and self.changes and not self.room.token:
            raise no_entry()
        else:
            self._said = authorised_json(self.room.token, self.request.body, *given)
        check_text(self._said)
        return self._said

    async def note(self) -> None:
        """Keep in the audit log what was just changed."""
        address, what = self.request.remote_ip or "", self.request.path
        await self.room.questions.call(lambda: self.room.audit.note(what, address, self._by, self._said))

    def reply(self, value: dict[str, Any]) -> None:
        """Send JSON."""
        self.finish(dump(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        shown = error if isinstance(error, TempHubError) else _plain(status_code, self.request.method or "")
        self.set_status(shown.status)
        if shown.status == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = [name for name in ("GET", "POST") if getattr(type(self), name.lower()) is not getattr(RequestHandler, name.lower())]
            self.set_header("Allow", ", ".join(allowed))
        self.room.metrics.refused(shown.code)
        if shown.status == HTTPStatus.UNAUTHORIZED:
            self.room.desk.refused(self.request.remote_ip or "")
        self.finish(dump(shown.as_json()))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        super().send_error(error.status if isinstance(error, TempHubError) else status_code, **kwargs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, TempHubError | HTTPError):
            super().log_exception(typ, value, tb)


class Health(ApiHandler):
    """`GET /api/health`"""

    def get(self) -> None:
        health = self.room.desk.health()
        if not self.room.entry.admits(self.request.headers, self.get_query_argument("token", None)):
            # Whether it runs is for everybody to know; where it lies and what it holds is not.
            health = {**{name: health[name] for name in ("version", "uptime_s", "readings", "csv_waiting")}, **NOTHING_SAID}
        self.reply({"ok": True, "time": iso_utc(now_ms()), **health})


class Probes(ApiHandler):
    """`GET /api/probes`"""

    async def get(self) -> None:
        probes, newest = await self.room.questions.ask(lambda reader: (reader.probes(), {n.probe_id: n for n in reader.newest()}))
        stand = self.room.desk.register.standings()
        listed = [_probe(probe, newest.get(probe["id"])) | {"trust": stand.get(board_of(probe["id"]))} for probe in probes]
        self.reply({"ok": True, "probes": listed})


class Provision(ApiHandler):
    """`POST /api/provision`: provisions one probe now."""

    async def post(self) -> None:
        data = self.body()
        host = host_field(data)
        port = int_field(data, "port", 1, 65535, default=80)
        interval_ms = int_field(data, "interval_ms", MIN_INTERVAL_MS, MAX_INTERVAL_MS, default=0) or None
        answer = await self.room.questions.call(lambda: self.room.desk.provision(host, port, interval_ms))
        await self.note()
        self.reply({"ok": True, **answer})


class MetricsText(ApiHandler):
    """`GET /metrics`"""

    async def get(self) -> None:
        newest = await self.room.questions.ask(lambda reader: reader.newest())
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(self.room.metrics.text(self.room.desk.health(), newest))


class Contract(ApiHandler):
    """`GET /api/openapi.json`"""

    def get(self) -> None:
        self.finish(json.dumps(contract()).encode())


class Unknown(ApiHandler):
    """Any other path below `/api/`."""

    def prepare(self) -> Awaitable[None] | None:
        raise _unknown(self.request.path)


def _unknown(path: str) -> TempHubError:
    return bad("unknown_path", f"The API has no {path[:100]}.", "See /api/openapi.json for what there is.", 404)


def _plain(status: int, method: str) -> TempHubError:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return bad(
            "method_not_allowed", f"This address does not know the method {method[:20]}.", "See /api/openapi.json for what it knows.", 405
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unforeseen()
    return bad("bad_request", "The request could not be understood.", "See /api/openapi.json for what the API takes.", status)


def _probe(probe: dict[str, Any], newest: Any) -> dict[str, Any]:
    seen = max(probe["seen_ms"], newest.delivered_ms if newest else 0)
    return {
        "id": probe["id"],
        "name": probe["alias"] or probe["name"] or probe["id"],
        "alias": probe["alias"],
        "group": probe["group"],
        "place": probe["place"],
        "hidden": bool(probe["hidden"]),
        "note": probe["note"],
        "host": probe["host"],
        "ip": probe["ip"],
        "port": probe["port"],
        "last_seen": iso_utc(seen) if seen else None,
        "version": probe["version"],
        "model": probe["model"],
        "virtual": probe["model"] == "virtual",
        "present": bool(probe["present"]),
        "interval_ms": probe["interval_ms"] or None,
        "server_url": probe["server_url"],
        "provisioned": iso_utc(probe["provisioned_ms"]) if probe["provisioned_ms"] else None,
        "problem": probe["problem"],
        "remedy": probe["remedy"],
        "taken": iso_utc(newest.taken_ms) if newest else None,
        "temperature_c": to_celsius(newest.units) if newest and newest.units is not None else None,
        "quality": newest.quality if newest else None,
        "readings": newest.readings if newest else 0,
    }
