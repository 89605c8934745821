"""What the API's handlers have in common: what they share, how a body is taken, how a reply is written.
Endpoint thread only."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from tornado.web import HTTPError, RequestHandler

from ..alarms import Channels
from ..core import NotAllowed, Relayed, Sighting, TempHubError, network, parse_time
from ..journal import Writer
from ..trust import Trust
from . import background, firmware_files, plausibility, replies, schemas, timestamps
from .access import PROBES_OWN, Audit, Entry, Tarpit, bearer, check_token, judged, no_entry, place_of
from .metrics import Metrics


@dataclass(frozen=True)
class Desk:
    """What the endpoint asks of the rest of the hub, which fills it in; each call returns at once unless it
    says otherwise.

    health: the hub's state for `/api/health`. met: a probe said hello. refused(address, probe_id, error): a
    delivery was refused; probe_id is the name it gave, or empty. provision(host, port, interval_ms):
    provision that probe, or without a host every known one, now; what came of each; may take seconds, so it
    is called in a thread; raises TempHubError. update(probe_id, sha256): tell a probe to fetch this hub's
    firmware, whose checksum is sha256(for a board?); identify(probe_id): have it blink; trust(probe_id, yes):
    say yes to a probe, or let it go; the same. register: whose key is whose. channels: the ways out by which
    alarms are told. lamp(probe_id): what its board's lamp is to show of alarms: critical, warning,
    acknowledged or nothing. twins(probe_id, problem, remedy): two devices deliver under one id, or, with
    empty words, no more. seen(probe_id): somebody has seen that it was silent; whether there was
    anything to see. gathers(note): what probes are asked for has changed (ingest/gathering).
    """

    health: Callable[[], dict[str, Any]]
    met: Callable[[Sighting], None]
    refused: Callable[[str, str, TempHubError], None]
    provision: Callable[[str | None, int | None, int | None], list[dict[str, Any]]]
    update: Callable[[str, Callable[[bool], str]], dict[str, Any]]
    identify: Callable[[str], None]
    trust: Callable[[str, bool], None]
    register: Trust
    channels: Channels
    lamp: Callable[[str], str] = lambda _id: ""
    twins: Callable[[str, str, str], None] = lambda _id, _problem, _remedy: None
    seen: Callable[[str], bool] = lambda _id: False
    gathers: Callable[[dict[str, Any]], None] = lambda _note: None


@dataclass(frozen=True)
class Room:
    """What the handlers share."""

    token: str
    desk: Desk
    metrics: Metrics
    questions: background.Questions
    firmware: firmware_files.Firmware
    writer: Writer
    exports: background.Jobs
    entry: Entry
    audit: Audit
    examinations: background.Examinations
    names: plausibility.NewNames
    transit: timestamps.Transit
    tarpit: Tarpit


# Refused for who asks, or for how much there is to do. What is wrong with a request itself is told at once:
# somebody mends it.
HELD = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class ApiHandler(RequestHandler):
    """Replies in the hub's own shape, whatever goes wrong. changes: whether its POST is a person's business,
    not a probe's."""

    changes = True
    # The field with the probe's name, where a probe's own token is enough.
    named_by: str | None = None
    # Whether nothing at all is as good as {}.
    may_be_empty = False

    def initialize(self, room: Room) -> None:
        """Called by Tornado for each request."""
        self.room = room
        self._held: asyncio.TimerHandle | None = None
        self._left = asyncio.Event()

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        replies.protect(self)

    def body(self) -> dict[str, Any]:
        """The JSON object sent, after its token was found right. Raises TempHubError."""
        self._said = self._changing() if self.changes else self._reporting()
        schemas.check_text(self._said)
        return self._said

    def queried(self, name: str) -> list[str]:
        """All values that the query gives, as they are: Tornado would take control characters for blanks, and
        cut those off."""
        return [value.decode("utf-8", "replace") for value in self.request.query_arguments.get(name, ())]

    def query(self, name: str) -> str:
        """What the query says, without blanks around it, the last where it says more; nothing where it does
        not."""
        return (self.queried(name) or [""])[-1].strip(" ")

    def choice(self, name: str, among: tuple[str, ...], remedy: str = "") -> str:
        """What the query says, exactly; the first of `among` where it says nothing. Raises TempHubError (400)
        for anything else."""
        given = (self.queried(name) or [""])[-1] or among[0]
        if given not in among:
            raise schemas.bad(
                f"bad_{name}", f"{name} is {schemas.short(given)}.", remedy or f"Use {' or '.join(among)}."
            )
        return given

    @property
    def said(self) -> dict[str, Any]:
        """What `body` gave."""
        return self._said

    @property
    def shown_by(self) -> str:
        """Who changes something, as far as it is known: what was shown (login, token, key, anyone), and from
        which address."""
        address, by, _ = self._visitor()
        return f"{by} {address}".strip()

    def _changing(self) -> dict[str, Any]:
        """What a person or program sent, who needs a login, the token, or on this computer its key."""
        entry, headers, sent = self.room.entry, self.request.headers, self._sent()
        token = None
        with suppress(TempHubError):
            token = schemas.parse_json(sent).get("token")
        self._by = entry.shown(headers, self._address, self.get_query_argument("token", None), token)
        if not self._by and entry.closed and not self.room.token:
            raise no_entry()
        if not self._by:
            # With a token in force a stranger learns nothing about the body, valid or not.
            check_token(self.room.token)
            self._by = "anyone"
        return schemas.parse_json(sent)

    def _reporting(self) -> dict[str, Any]:
        """What a probe sent."""
        given = (
            self.request.headers.get("X-Token"),
            bearer(self.request.headers),
            self.get_query_argument("token", None),
        )
        return judged(
            self.room.entry.guesses,
            self._address,
            self.room.token,
            self._sent(),
            *given,
            named_by=self.named_by,
        )

    @property
    def _address(self) -> str:
        return self.request.remote_ip or ""

    def _sent(self) -> bytes:
        body = self.request.body
        return b"{}" if self.may_be_empty and not body.strip() else body

    async def note(self) -> None:
        """Keep in the audit log what was just changed."""
        what, (address, by, through) = self.request.path, self._visitor()
        await self.room.questions.call(
            lambda: self.room.audit.note(what, address, by, self._said, through=through)
        )

    def _visitor(self) -> tuple[str, str, str]:
        """(address, what was shown, `page` for what was done on the page)."""
        headers = self.request.headers
        # Of who sits before a page only the pages' kernel knows, which has this computer's key.
        visitor = (
            network.visitor_of(headers.get(network.VISITOR_HEADER, ""))
            if self.room.entry.is_own(headers)
            else ("", "")
        )
        return (*visitor, "page") if visitor[0] else (self._address, self._by, "")

    async def device(self, probe_id: str) -> str:
        """Whom to talk to for a probe: where a new board counts as it, that one."""
        return await self.room.questions.ask(lambda reader: reader.device(probe_id))

    def time_range(self, now_ms: int, length_ms: int) -> tuple[int, int]:
        """[from, to) of the query, in milliseconds: up to now, and so long, where it does not say. Raises
        TempHubError (400)."""
        to_ms = self._time("to", now_ms + 1)
        from_ms = self._time("from", to_ms - length_ms)
        if from_ms >= to_ms:
            raise schemas.bad(
                "bad_from",
                "from is not before to, so there is nothing to answer.",
                "Send from earlier than to.",
            )
        return from_ms, to_ms

    def _time(self, name: str, default: int) -> int:
        text = self.query(name).strip()
        if not text:
            return default
        try:
            value = parse_time(text)
            if not 0 <= value < 10**14:
                raise ValueError(text)
        except (ValueError, OverflowError) as error:
            remedy = f"Send {name} as ISO 8601 such as 2026-11-23T12:00:00Z, or as milliseconds since 1970."
            raise schemas.bad(
                f"bad_{name}", f"{name} is {schemas.short(text)}, not a time.", remedy
            ) from error
        return value

    def reply(self, value: dict[str, Any]) -> None:
        """Send JSON."""
        self.finish(replies.dump(value))

    def on_connection_close(self) -> None:
        """The client went away: what was held for it is not kept."""
        self._left.set()
        if self._held is not None:
            self._held.cancel()

    async def hold(self) -> None:
        """Before the same costly answer once more: whoever asks for it in a row waits for it."""
        if wait_s := self.room.tarpit.hold_s(place_of(self._address)):
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._left.wait()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        shown = error if isinstance(error, TempHubError) else _plain(status_code, self.request.method or "")
        self.set_status(shown.status)
        if shown.status in replies.RETRY_S:
            self.set_header("Retry-After", replies.RETRY_S[shown.status])
        if isinstance(shown, replies.MethodNotAllowed):
            allowed = [
                name
                for name in ("GET", "POST")
                if getattr(type(self), name.lower()) is not getattr(RequestHandler, name.lower())
            ]
            self.set_header("Allow", ", ".join(allowed))
        self.room.metrics.refused(shown)
        if isinstance(shown, NotAllowed) and self.named_by:
            self.room.desk.refused(self.request.remote_ip or "", "", shown)
        self.finish(replies.dump(shown.as_json()))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        status = error.status if isinstance(error, TempHubError) else status_code
        held = status in HELD and self.request.path not in PROBES_OWN
        if wait_s := self.room.tarpit.hold_s(place_of(self._address)) if held else 0.0:
            # Here, as Tornado ends the answer behind `write_error`.
            answer = partial(super().send_error, status, **kwargs)
            self._held = asyncio.get_running_loop().call_later(wait_s, answer)
        else:
            super().send_error(status, **kwargs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, TempHubError | HTTPError):
            super().log_exception(typ, value, tb)


def _plain(status: int, method: str) -> TempHubError:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return replies.MethodNotAllowed(
            f"This address does not know the method {method[:20]}.",
            "See /api/openapi.json for what it knows.",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return replies.unforeseen()
    remedy = "See /api/openapi.json for what the API takes."
    return Relayed("The request could not be understood.", remedy, code="bad_request", status=status)
