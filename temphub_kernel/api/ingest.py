"""`/api/ingest`: a reading or a batch, acknowledged after the commit. Endpoint thread only.

Written against Tornado's connection directly, not as a request handler: handling is the ceiling of single readings.
"""

import asyncio
import logging
from collections.abc import Awaitable
from functools import partial

from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine

from ..base.clock import iso_utc, monotonic_s, now_ms
from ..base.errors import TempHubError
from ..base.reading import ADHOC, Row
from ..journal import Outcome, Writer
from ..trust import Proven, Repeated
from .acks import Acks
from .auth import authorised_json, check_token
from .desk import Desk
from .entry import bearer
from .metrics import Metrics
from .replies import dump, send, send_error, unforeseen
from .share import PAUSE_S, FairShare, too_much
from .transit import Transit
from .validate import MAX_BODY, bad, is_too_large, parse_json, parse_query, rows_of, rows_of_query, sent_field, too_large

log = logging.getLogger(__name__)
OK = b'{"ok":true}'
PATH = "/api/ingest"


class Ingest:
    """What every delivery needs."""

    def __init__(self, token: str, writer: Writer, acks: Acks, desk: Desk, metrics: Metrics, share: FairShare) -> None:
        self.token = token
        self.writer = writer
        self.acks = acks
        self.desk = desk
        self.metrics = metrics
        self.transit = Transit()
        self.share = share


class Delivery(HTTPMessageDelegate):
    """One request to `/api/ingest`."""

    def __init__(self, room: Ingest, connection: HTTPConnection, address: str) -> None:
        self._room = room
        self._connection = connection
        self._address = address
        self._body = bytearray()
        self._over = False
        self._proven: Proven | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Awaitable[None] | None:
        """Refuse early what cannot be taken, before its body is read."""
        assert isinstance(start_line, RequestStartLine)
        self._method, self._headers = start_line.method, headers
        self._query = start_line.path.partition("?")[2]
        if self._method not in ("GET", "POST"):
            self._refuse(_method(self._method))
        elif is_too_large(headers.get("Content-Length")):
            self._refuse(too_large())
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Collect the body, up to the limit."""
        if len(self._body) + len(chunk) > MAX_BODY:
            self._refuse(too_large())
        elif not self._over:
            self._body += chunk
        return None

    def finish(self) -> None:
        """The request is complete: check it, hand it to the journal; the reply follows the commit."""
        if self._over:
            return
        try:
            rows, batch = self._rows()
            if self._room.share.over(rows[0].probe_id):
                self._later(too_much(f"The probe {rows[0].probe_id}"))
                return
            self._room.writer.submit(rows, partial(self._committed, batch))
        except TempHubError as error:
            self._refuse(error)
        # The hub's own fault must not look like the probe's, nor close the connection without a word.
        except Exception:
            log.exception("a delivery could not be handled")
            self._refuse(unforeseen())

    def on_connection_close(self) -> None:
        """The client went away; what it delivered in full is stored all the same."""
        self._over = True

    def _rows(self) -> tuple[list[Row], bool]:
        room, body = self._room, bytes(self._body)
        query = parse_query(self._query) if self._query else {}
        given = self._headers.get("X-Token"), bearer(self._headers), query.get("token")
        if self._method == "GET":
            check_token(room.token, *given)
            self._believe(query.get("probe_id", ADHOC), b"", None)
            return rows_of_query(query, now_ms()), False
        signature = self._headers.get("X-Signature")
        # What is signed needs no token; what is wrong with it is told to the holder of the key only.
        data = parse_json(body) if signature is not None else authorised_json(room.token, body, *given)
        self._believe(data.get("probe_id", ADHOC), body, signature)
        rows, batch = rows_of(data, now_ms())
        if "sent_ms" in data and batch:
            rows = self._when_taken(rows, sent_field(data))
        return rows, batch

    def _believe(self, probe_id: object, body: bytes, signature: str | None) -> None:
        """Raises TempHubError unless this may be delivered under that probe's name; what is no name is told by the check of the fields."""
        trust, known_as = self._room.desk.register, probe_id if isinstance(probe_id, str) else ""
        counter = None if signature is None else self._headers.get("X-Counter")
        self._proven = trust.admit(known_as, PATH, body, counter, signature)
        if self._proven is None:
            trust.approved(known_as, with_token=bool(self._room.token))

    def _when_taken(self, rows: list[Row], sent_ms: int) -> list[Row]:
        """The rows dated by when they were sent, if the network held them back."""
        delay_ms = self._room.transit.delay_ms(rows[0].probe_id, str(rows[0].boot), sent_ms, monotonic_s() * 1000)
        return [row._replace(taken_ms=row.taken_ms - delay_ms) for row in rows] if delay_ms else rows

    def _committed(self, batch: bool, outcome: Outcome | TempHubError) -> None:
        """Called in the journal's thread."""
        self._room.acks.put(partial(self._reply, batch, outcome))

    def _reply(self, batch: bool, outcome: Outcome | TempHubError) -> None:
        if isinstance(outcome, TempHubError):
            self._refuse(outcome)
            return
        self._room.metrics.stored(outcome)
        if self._over:
            return
        self._over = True
        body = OK
        if batch:
            body = dump({"ok": True, "stored": outcome.stored, "duplicates": outcome.duplicates, "time": iso_utc(now_ms())})
        extra = {"X_Signature": self._proven.reply(200, body)} if self._proven else {}
        send(self._connection, 200, body, **extra)

    def _later(self, error: TempHubError) -> None:
        """Refuse after a pause: a probe gone mad that asks in a row becomes slow by itself."""
        asyncio.get_running_loop().call_later(PAUSE_S, self._refuse, error)

    def _refuse(self, error: TempHubError) -> None:
        if self._over:
            return
        self._over = True
        self._room.metrics.refused(error.code)
        if error.status == 401:
            self._room.desk.refused(self._address)
        send_error(self._connection, error, error.proven if isinstance(error, Repeated) else self._proven)


def _method(method: str) -> TempHubError:
    return bad(
        "method_not_allowed",
        f"/api/ingest does not know the method {method[:20]}.",
        "Use POST with JSON, or GET with ?temperature_c=.",
        405,
    )
