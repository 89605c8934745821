"""One request to `/api/ingest`: a reading or a batch, acknowledged after the commit. Endpoint thread only."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from msgspec import UNSET
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)

from ...core import ADHOC, BadRequest, NotAllowed, Row, TempHubError, iso_utc, monotonic_s, now_ms
from ...journal import Delivered, Outcome, Writer
from ...trust import Proven, Repeated
from .. import base, metrics, plausibility, replies, timestamps
from ..access import FairShare, Guesses, WrongToken, authorised_json, bearer, check_token, shown_in, too_much
from ..schemas import MAX_BODY, parse_json, parse_query, rows_of, rows_of_query, sent_field, too_large, whole
from . import lone_decoder
from .batch_decoder import A_BATCH, decoded
from .gathering import Gathering, Meter, Spread
from .ignored_fields import Told, ignored_fields

log = logging.getLogger(__name__)
OK = b'{"ok":true}'
INGEST = "/api/ingest"
# What is wrong is the delivery itself, and will be when it comes again; the rest passes.
OWN_FAULT = (BadRequest, NotAllowed)


class Acks:
    """A mailbox: `put` from any thread, the calls run in the loop's thread, in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._woken = False

    def put(self, call: Callable[[], None]) -> None:
        """Have `call` run in the loop soon. After the loop has ended it is dropped: nobody waits any more."""
        self._waiting.append(call)
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._run)
            except RuntimeError:
                self._waiting.clear()

    def _run(self) -> None:
        try:
            while self._waiting:
                self._waiting.popleft()()
        finally:
            # Only now: who puts in all that a commit answers wakes us once, and need not let us go first at
            # each.
            self._woken = False
        # A put between the last look and that line woke nobody.
        if self._waiting:
            self._loop.call_soon(self._run)


class Ingest:
    """What every delivery needs."""

    def __init__(
        self,
        token: str,
        writer: Writer,
        acks: Acks,
        desk: base.Desk,
        metrics: metrics.Metrics,
        share: FairShare,
        guesses: Guesses,
        names: plausibility.NewNames,
        court: plausibility.Court,
        transit: timestamps.Transit,
        gathering: Gathering,
    ) -> None:
        self.token = token
        self.writer = writer
        self.acks = acks
        self.desk = desk
        self.metrics = metrics
        self.transit = transit
        self.gathering = gathering
        self.meter = Meter()
        self.spread = Spread(gathering)
        self.twins = plausibility.Twins()
        self.share = share
        self.guesses = guesses
        self.names = names
        self.court = court
        self.told = Told(log)


class Delivery(HTTPMessageDelegate):
    """One request to `/api/ingest`."""

    def __init__(self, room: Ingest, connection: HTTPConnection, address: str) -> None:
        self._room = room
        self._connection = connection
        self._address = address
        self._headers: Mapping[str, str] = {}
        self._method, self._query = "POST", ""
        self._body: bytearray | bytes = bytearray()
        self._over = False
        self._arrived = (0, 0.0)
        self._early: replies.Early | None = None
        self._proven: Proven | None = None
        self._ignored: list[str] = []
        self._named = ""

    def whole(self, headers: Mapping[str, str], body: bytes) -> None:
        """The same as the three that follow, for a POST that is there already. headers: by their usual
        spelling."""
        self._headers, self._body = headers, body
        self.finish()

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Refuse early what cannot be taken, before its body is read."""
        assert isinstance(start_line, RequestStartLine)
        self._method, self._headers = start_line.method, headers
        self._query = start_line.path.partition("?")[2]
        if self._method not in ("GET", "POST"):
            self._turn_away(_method(self._method))
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Collect the body, up to the limit."""
        if self._early is not None:
            return self._early.data_received(chunk)
        if len(self._body) + len(chunk) > MAX_BODY:
            self._turn_away(too_large())
        elif not self._over:
            self._body += chunk
        return None

    def finish(self) -> None:
        """The request is complete: check it, hand it to the journal; the reply follows the commit."""
        if self._early is not None:
            self._early.finish()
        # What follows may let it wait.
        self._arrived = now_ms(), monotonic_s() * 1000
        self._take()

    def _take(self, *, waited: bool = False) -> None:
        if self._over:
            return
        try:
            wait_s = 0.0 if waited else self._turn_s()
            if wait_s:
                asyncio.get_running_loop().call_later(wait_s, partial(self._take, waited=True))
                return
            rows, batch = self._rows()
            if self._proven is None:
                self._unproven(self._named)
            if self._room.share.over(self._named):
                self._later(too_much(f"The probe {self._named}"))
                return
            self._room.writer.submit(rows, partial(self._committed, rows, batch))
            if self._ignored:
                self._room.told.tell(self._named, self._ignored)
        except TempHubError as error:
            if isinstance(error, plausibility.TooManyNew):
                self._later(error)
                return
            if isinstance(error, WrongToken) and (texts := self._shown()[0]):
                self._room.guesses.misdelivered(self._address, texts)
            self._refuse(error)
        # The hub's own fault must not look like the probe's, nor close the connection without a word.
        except Exception:
            log.exception("a delivery could not be handled")
            self._refuse(replies.unforeseen())

    def on_connection_close(self) -> None:
        """The client went away; what it delivered in full is stored all the same."""
        self._over = True

    def _unproven(self, probe_id: str) -> None:
        """Who delivers without a signature has shown a token, or may make up any name. Raises
        TempHubError."""
        if self._room.token:
            self._room.guesses.delivered(self._address, self._named)
        else:
            self._room.names.admit(probe_id, self._address)

    def _turn_s(self) -> float:
        """How long its token waits to be looked at, after many wrong ones from its address. Raises
        TempHubError (429)."""
        guesses = self._room.guesses
        if not self._room.token or "X-Signature" in self._headers or not guesses.suspects(self._address):
            return 0.0
        texts, name = self._shown()
        return guesses.turn_s(self._address, name) if texts else 0.0

    def _shown(self) -> tuple[list[str], str]:
        """(the tokens it shows, the probe's name)."""
        query, given = self._asked()
        texts, name = shown_in(bytes(self._body), given, "probe_id")
        return texts, name or str(query.get("probe_id", ""))

    def _asked(self) -> tuple[dict[str, str], tuple[str | None, ...]]:
        """(the fields of the query, the tokens in headers and query)."""
        if not self._query and not self._room.token:
            return {}, ()
        query = parse_query(self._query) if self._query else {}
        return query, (self._headers.get("X-Token"), bearer(self._headers), query.get("token"))

    def _rows(self) -> tuple[list[Row] | Delivered, bool]:
        """(what is delivered, whether it was a batch). Raises TempHubError."""
        room, body = self._room, bytes(self._body)
        query, given = self._asked()
        if self._method == "GET":
            check_token(room.token, *given, probe_id=query.get("probe_id"))
            self._believe(query.get("probe_id", ADHOC), b"", None)
            return self._judged(rows_of_query(query, self._arrived[0]), query), False
        signature = self._headers.get("X-Signature")
        plain = decoded(body) if A_BATCH in body else None
        if plain is not None:
            if signature is None:
                check_token(room.token, *given, plain.token, probe_id=plain.probe_id)
            self._believe(plain.probe_id, body, signature)
            return plain.delivered(*self._arrived, room.transit), True
        lone = lone_decoder.decoded(body)
        if lone is not None:
            if signature is None:
                check_token(room.token, *given, lone.token, probe_id=lone.probe_id)
            self._believe(lone.probe_id, body, signature)
            return [self._lone(lone)], lone.counts
        # What is signed needs no token; what is wrong with it is told to the holder of the key only.
        data = (
            parse_json(body)
            if signature is not None
            else authorised_json(room.token, body, *given, named_by="probe_id")
        )
        self._believe(data.get("probe_id", ADHOC), body, signature)
        rows, batch = rows_of(data, self._arrived[0])
        if "sent_ms" in data and batch:
            rows = self._when_taken(rows, sent_field(data), data.get("readings", [data]))
        return self._judged(rows, data), batch

    def _lone(self, lone: lone_decoder.Lone) -> Row:
        row = lone.row(self._arrived[0])
        if row.boot is None:
            return self._room.court.judged(row)
        if lone.sent_ms is not UNSET:
            (row,) = self._when_taken([row], lone.sent_ms, [{"age_ms": lone.age_ms}])
        return row

    def _judged(self, rows: list[Row], data: dict[str, Any]) -> list[Row]:
        """The rows as the court sees them; what had no effect is noted for the reply."""
        self._ignored = ignored_fields(data, rows[0].received_ms)
        # Who counts its readings is our own firmware or as careful: it has judged them at the sensor.
        return [self._room.court.judged(row) if row.boot is None else row for row in rows]

    def _believe(self, probe_id: object, body: bytes, signature: str | None) -> None:
        """Raises TempHubError unless this may be delivered under that probe's name; what is no name is told
        by the check of the fields."""
        trust, known_as = self._room.desk.register, probe_id if isinstance(probe_id, str) else ""
        self._named = known_as
        counter = None if signature is None else self._headers.get("X-Counter")
        self._proven = trust.admit(known_as, INGEST, body, counter, signature)
        if self._proven is None:
            trust.approved(known_as, with_token=bool(self._room.token))

    def _when_taken(self, rows: list[Row], sent_ms: int, readings: list[dict[str, Any]]) -> list[Row]:
        """The rows dated by the probe's own count, however long they were under way; a time of the probe's
        own clock stands."""
        received_ms, arrived = self._arrived
        ages = np.array([whole(reading.get("age_ms", 0)) for reading in readings], np.int64)
        moments = self._room.transit.moments(
            rows[0].probe_id, str(rows[0].boot), sent_ms, ages, arrived
        ).tolist()
        aged = ["age_ms" in reading or not timestamps.given_times(reading) for reading in readings]
        return [
            row._replace(taken_ms=received_ms - round(arrived - moment)) if by_age else row
            for row, moment, by_age in zip(rows, moments, aged, strict=True)
        ]

    def _committed(self, rows: list[Row] | Delivered, batch: bool, outcome: Outcome | TempHubError) -> None:
        """Called in the journal's thread."""
        self._room.acks.put(partial(self._reply, rows, batch, outcome))

    def _reply(self, rows: list[Row] | Delivered, batch: bool, outcome: Outcome | TempHubError) -> None:
        if isinstance(outcome, TempHubError):
            self._refuse(outcome)
            return
        self._room.metrics.stored(outcome, self._named)
        # What is signed is from one probe: nobody else holds its key.
        if self._proven is None and outcome.stored:
            said = self._room.twins.delivered(_newest(rows), self._address, renumbered=outcome.renumbered)
            if said is not None:
                self._room.desk.twins(self._named, *said)
        if self._over:
            return
        self._over = True
        answer: dict[str, Any] = {"ok": True}
        if batch:
            answer |= {"stored": outcome.stored, "duplicates": outcome.duplicates, "time": iso_utc(now_ms())}
            # Whoever delivers in our form shows it, or leaves it; plain deliveries are answered with ok
            # alone.
            if lamp := self._room.desk.lamp(self._named):
                answer["lamp"] = lamp
            self._room.meter.heard(self._named)
            if every_ms := self._room.spread.asks(monotonic_s()):
                answer["deliver_every_ms"] = every_ms
        if self._ignored:
            answer["ignored"] = self._ignored
        body = OK if len(answer) == 1 else replies.dump(answer)
        extra = {"X_Signature": self._proven.reply(200, body)} if self._proven else {}
        replies.send(self._connection, 200, body, **extra)

    def _later(self, error: TempHubError) -> None:
        """Refuse after a pause: a probe gone mad that asks in a row becomes slow by itself."""
        asyncio.get_running_loop().call_later(self._room.share.wait_s(), self._refuse, error)

    def _turn_away(self, error: TempHubError) -> None:
        """Refuse before the body is there; what still comes of it is dropped."""
        self._over = True
        self._room.metrics.refused(error)
        self._early = replies.Early(self._connection, lambda: replies.begin_error(self._connection, error))
        self._early.begin()

    def _refuse(self, error: TempHubError) -> None:
        if self._over:
            return
        self._over = True
        self._room.metrics.refused(error)
        if isinstance(error, OWN_FAULT):
            self._room.desk.refused(self._address, self._named, error)
        replies.send_error(
            self._connection, error, error.proven if isinstance(error, Repeated) else self._proven
        )


def _newest(rows: list[Row] | Delivered) -> Row:
    if isinstance(rows, Delivered):
        return rows.row(int(rows.taken_ms.argmax()))
    return rows[0] if len(rows) == 1 else max(rows, key=lambda row: row.taken_ms)


def _method(method: str) -> replies.MethodNotAllowed:
    return replies.MethodNotAllowed(
        f"/api/ingest does not know the method {method[:20]}.",
        "Use POST with JSON, or GET with ?temperature_c=.",
    )
