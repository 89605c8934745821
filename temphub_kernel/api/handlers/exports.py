"""`GET /api/export`, `GET /api/report`: readings, or what they come to, as a file to download. Endpoint
thread; the file is made in a process of its own.
"""

import asyncio
from datetime import timedelta
from typing import ClassVar

from tornado.gen import with_timeout
from tornado.iostream import StreamClosedError
from tornado.util import TimeoutError as Late

from ...core import TempHubError
from ...exports import FORMS, Job, Wanted, make_order
from ...reports import FORMS as REPORT_FORMS, ReportJob, make_report
from ..base import ApiHandler

# A reader that does not take a piece of 256 KB in this time gives its place back.
STALLED_S = 60.0
# About a minute of work: a browser that gets no answer for several minutes gives up.
MOST_XLSX_ROWS = 1_000_000


class Export(ApiHandler):
    """`GET /api/export?format=&from=&to=&probe_id=&every=&tz=&sheets=&excel=&limit_high_c=&limit_low_c=`; a
    workbook of all by default."""

    forms: ClassVar[dict[str, str]] = FORMS
    kind: ClassVar[type[Job]] = Job
    _job: Job | None = None

    async def get(self) -> None:
        order = self._order()
        self._job = self.room.exports.begin(order, self.request.remote_ip or "", self.kind)
        whole = False
        try:
            whole = await self._send(order, self._job)
        except StreamClosedError:
            # The client left; there is nobody to tell.
            pass
        finally:
            # Not cut short when the endpoint stops: the process and its files go.
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._job.close))
            self.room.exports.end(self._job)
        # Only now: who has the whole file may ask for the next one at once.
        if whole:
            self.finish()

    async def _send(self, order: Wanted, job: Job) -> bool:
        """Whether all of it was written; False when the reply was broken off."""
        call = self.room.questions.call
        if not await self.room.exports.turn(job):
            return False
        await call(job.start)
        # Whatever is wrong with the order or the disk shows before the first piece: then it is still told in
        # words.
        block = await call(job.read)
        if order.form != "csv":
            self.room.exports.made(job)
        self.set_header("Content-Type", self.forms[order.form])
        self.set_header("Content-Disposition", f'attachment; filename="{order.file_name()}"')
        while block:
            self.write(block)
            # Waits until the client has taken it: a slow one holds one piece, not the file.
            try:
                await with_timeout(
                    timedelta(seconds=STALLED_S), self.flush(), quiet_exceptions=StreamClosedError
                )
                block = await call(job.read)
            except (TempHubError, Late):
                # Too late for words: the reply breaks off, so that the client does not take the half for the
                # whole.
                self.request.connection.set_close_callback(None)  # type: ignore[union-attr]
                self.detach().close()
                return False
        return True

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._job is not None:
            self._job.kill()

    def _order(self) -> Wanted:
        get = self.query
        form = get("format")
        return make_order(
            form=form,
            start=get("from"),
            end=get("to"),
            probes=self._probes(),
            every=get("every"),
            zone=get("tz"),
            sheets=get("sheets"),
            excel=get("excel"),
            limit_high_c=get("limit_high_c"),
            limit_low_c=get("limit_low_c"),
            origin=self.choice("origin", ("false", "true")) == "true",
            most=MOST_XLSX_ROWS if form in ("", "xlsx") else 0,
        )

    def _probes(self) -> list[str]:
        return [probe for one in self.queried("probe_id") if (probe := one.strip(" "))]


class Report(Export):
    """`GET /api/report?for=&from=&to=&probe_id=&group=&format=&language=&paper=&tz=&title=&place=` and the
    limits of an export, `limit_high_c=&limit_low_c=`; last month's of all probes as a PDF by default."""

    forms = REPORT_FORMS
    kind = ReportJob

    def _order(self) -> Wanted:
        get = self.query
        return make_report(
            period=get("for"),
            start=get("from"),
            end=get("to"),
            probes=self._probes(),
            group=get("group"),
            zone=get("tz"),
            form=get("format"),
            language=get("language"),
            paper=get("paper"),
            title=get("title"),
            place=get("place"),
            limit_high_c=get("limit_high_c"),
            limit_low_c=get("limit_low_c"),
        )
