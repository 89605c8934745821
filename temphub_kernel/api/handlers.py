"""The rest of the API: health, probes, hello, provision, metrics, the contract itself. Endpoint thread only."""

import json
from collections.abc import Awaitable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError, RequestHandler

from ..base import own
from ..base.clock import iso_utc, now_ms
from ..base.errors import Forbidden, NotAllowed, Relayed, TempHubError
from ..base.lookalike import look_alikes
from ..base.reading import MAX_INTERVAL_MS, MIN_INTERVAL_MS, board_of, to_celsius
from ..base.this_computer import is_here, leads_here
from ..base.transient import transient
from ..journal import Newest, Writer
from .audit import Audit
from .auth import check_token, judged
from .contract import contract
from .desk import Desk
from .entry import Entry, bearer, no_entry
from .fields import host_field, int_field
from .firmware import Firmware
from .headers import protect
from .metrics import Metrics
from .newnames import NewNames
from .questions import Questions
from .replies import RETRY_S, MethodNotAllowed, dump, unforeseen
from .strays import unknown
from .transit import Transit
from .validate import check_text, parse_json

# Whom an order without a host goes to.
EVERY_PROBE = "The list of all probes"
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
    names: NewNames
    transit: Transit


class ApiHandler(RequestHandler):
    """Replies in the hub's own shape, whatever goes wrong. changes: whether its POST is a person's business, not a probe's."""

    changes = True
    # The field with the probe's name, where a probe's own token is enough.
    named_by: str | None = None
    # Whether nothing at all is as good as {}.
    may_be_empty = False

    def initialize(self, room: Room) -> None:
        """Called by Tornado for each request."""
        self.room = room

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        protect(self)

    def body(self) -> dict[str, Any]:
        """The JSON object sent, after its token was found right. Raises TempHubError."""
        self._said = self._changing() if self.changes else self._reporting()
        check_text(self._said)
        return self._said

    def _changing(self) -> dict[str, Any]:
        """What a person or program sent, who needs a login, the token, or on this computer its key."""
        entry, headers, sent = self.room.entry, self.request.headers, self._sent()
        token = None
        with suppress(TempHubError):
            token = parse_json(sent).get("token")
        self._by = entry.shown(headers, self._address, self.get_query_argument("token", None), token)
        if not self._by and entry.closed and not self.room.token:
            raise no_entry()
        if not self._by:
            # With a token in force a stranger learns nothing about the body, valid or not.
            check_token(self.room.token)
            self._by = "anyone"
        return parse_json(sent)

    def _reporting(self) -> dict[str, Any]:
        """What a probe sent."""
        given = self.request.headers.get("X-Token"), bearer(self.request.headers), self.get_query_argument("token", None)
        return judged(self.room.entry.guesses, self._address, self.room.token, self._sent(), *given, named_by=self.named_by)

    @property
    def _address(self) -> str:
        return self.request.remote_ip or ""

    def _sent(self) -> bytes:
        body = self.request.body
        return b"{}" if self.may_be_empty and not body.strip() else body

    async def note(self) -> None:
        """Keep in the audit log what was just changed."""
        headers, what = self.request.headers, self.request.path
        # Of who sits before a page only the pages' kernel knows, which has this computer's key.
        visitor = own.visitor_of(headers.get(own.VISITOR_HEADER, "")) if self.room.entry.is_own(headers) else ("", "")
        address, by = visitor if visitor[0] else (self._address, self._by)
        through = "page" if visitor[0] else ""
        await self.room.questions.call(lambda: self.room.audit.note(what, address, by, self._said, through=through))

    async def device(self, probe_id: str) -> str:
        """Whom to talk to for a probe: where a new board counts as it, that one."""
        return await self.room.questions.ask(lambda reader: reader.device(probe_id))

    def reply(self, value: dict[str, Any]) -> None:
        """Send JSON."""
        self.finish(dump(value))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        shown = error if isinstance(error, TempHubError) else _plain(status_code, self.request.method or "")
        self.set_status(shown.status)
        if shown.status in RETRY_S:
            self.set_header("Retry-After", RETRY_S[shown.status])
        if isinstance(shown, MethodNotAllowed):
            allowed = [name for name in ("GET", "POST") if getattr(type(self), name.lower()) is not getattr(RequestHandler, name.lower())]
            self.set_header("Allow", ", ".join(allowed))
        self.room.metrics.refused(shown)
        if isinstance(shown, NotAllowed) and self.named_by:
            self.room.desk.refused(self.request.remote_ip or "", "", shown)
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
        if not self.room.entry.admits(self.request.headers, self._address, self.get_query_argument("token", None)):
            # Whether it runs is for everybody to know; where it lies and what it holds is not.
            health = {**{name: health[name] for name in ("version", "uptime_s", "readings", "csv_waiting")}, **NOTHING_SAID}
        self.reply({"ok": True, "time": iso_utc(now_ms()), **health})


class Probes(ApiHandler):
    """`GET /api/probes`"""

    async def get(self) -> None:
        probes, newest = await self.room.questions.ask(lambda reader: (reader.probes(), {n.probe_id: n for n in reader.newest()}))
        stand = self.room.desk.register.standings()
        gone = transients(probes, newest.values(), stand)
        alike = look_alikes(probe for probe in probes if probe["id"] not in gone) | look_alikes(probes)
        listed = [
            {
                **_probe(probe, newest.get(probe["id"])),
                "trust": stand.get(board_of(probe["device"])),
                "transient": probe["id"] in gone,
                "looks_like": alike.get(probe["id"]),
            }
            for probe in probes
        ]
        self.reply({"ok": True, "probes": listed})


class Provision(ApiHandler):
    """`POST /api/provision`: provisions one probe now, or without a host every known one."""

    may_be_empty = True

    async def post(self) -> None:
        data = self.body()
        host = host_field(data)
        port = int_field(data, "port", 1, 65535, default=0) or None
        interval_ms = int_field(data, "interval_ms", MIN_INTERVAL_MS, MAX_INTERVAL_MS, default=0) or None
        host = await self.device(host) if host else host
        outcomes = await self.room.questions.talk(host or EVERY_PROBE, lambda: self._tell(host, port, interval_ms))
        await self.note()
        only = {name: outcomes[0][name] for name in ("probe_id", "server_url", "interval_ms")} if host and len(outcomes) == 1 else {}
        self.reply({"ok": True, **only, "probes": outcomes})

    def _tell(self, host: str | None, port: int | None, interval_ms: int | None) -> list[dict[str, Any]]:
        """In a thread. Who shows nothing and asks from elsewhere has no ports of this computer looked at."""
        if host and self._by == "anyone" and not is_here(self._address) and leads_here(host):
            raise Forbidden(
                f"{host[:64]} is the hub's own computer, which is not searched for probes at the wish of another computer.",
                "Ask on the hub's computer itself, name the probe by its id, or send SERVER_TOKEN in the header X-Token.",
                code="own_computer",
            )
        return self.room.desk.provision(host, port, interval_ms)


class MetricsText(ApiHandler):
    """`GET /metrics`"""

    async def get(self) -> None:
        newest, probes = await self.room.questions.ask(lambda reader: (reader.newest(), {probe["id"]: probe for probe in reader.probes()}))
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(self.room.metrics.text(self.room.desk.health(), newest, probes))


class Contract(ApiHandler):
    """`GET /api/openapi.json`"""

    def get(self) -> None:
        self.finish(json.dumps(contract()).encode())


class Unknown(ApiHandler):
    """Any other path below `/api/`."""

    def prepare(self) -> Awaitable[None] | None:
        raise unknown(self.request.method or "", self.request.path)


def transients(probes: Iterable[dict[str, Any]], newest: Iterable[Newest], stand: Mapping[str, str]) -> set[str]:
    """The ids that came once or a few times and did not come back (base/transient.py)."""
    known = ({**probe, "trust": stand.get(board_of(probe["device"]))} for probe in probes)
    return transient(known, {one.probe_id: one for one in newest}, now_ms())


def _plain(status: int, method: str) -> TempHubError:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed(f"This address does not know the method {method[:20]}.", "See /api/openapi.json for what it knows.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unforeseen()
    remedy = "See /api/openapi.json for what the API takes."
    return Relayed("The request could not be understood.", remedy, code="bad_request", status=status)


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
        "power_on_counts": bool(probe["power_on_counts"]),
        "also": probe["also"],
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
