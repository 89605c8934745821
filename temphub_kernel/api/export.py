"""`GET /api/export`: readings as a file to download. Endpoint thread; the file is made in a process of its own."""

import asyncio
from pathlib import Path

from tornado.iostream import StreamClosedError

from ..base.errors import TempHubError
from ..exports import FORMS, Job, Order, make_order
from .handlers import ApiHandler

# Each is a process at work on the same disk as the journal.
MOST_JOBS = 2
# About a minute of work: a browser that gets no answer for several minutes gives up.
MOST_XLSX_ROWS = 1_000_000


class Jobs:
    """The exports under way."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._running: set[Job] = set()
        self._closed = False

    def begin(self, order: Order) -> Job:
        """A job, not started. Raises TempHubError when there are too many."""
        if self._closed or len(self._running) >= MOST_JOBS:
            raise TempHubError(
                f"{MOST_JOBS} exports are being made already, and more would slow the hub down.",
                "Try again when one of them is done.",
                code="busy",
                status=503,
            )
        job = Job(self._journal, order)
        self._running.add(job)
        return job

    def end(self, job: Job) -> None:
        """It is over."""
        self._running.discard(job)

    def close(self) -> None:
        """End them all."""
        self._closed = True
        for job in self._running:
            job.kill()


class Export(ApiHandler):
    """`GET /api/export?format=&from=&to=&probe_id=&every=&tz=&sheets=&excel=`; all readings as a workbook by default."""

    _job: Job | None = None

    async def get(self) -> None:
        order = self._order()
        self._job = self.room.exports.begin(order)
        try:
            await self._send(order, self._job)
        except StreamClosedError:
            # The client left; there is nobody to tell.
            pass
        finally:
            # Not cut short when the endpoint stops: the process and its files go.
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._job.close))
            self.room.exports.end(self._job)

    async def _send(self, order: Order, job: Job) -> None:
        call = self.room.questions.call
        await call(job.start)
        # Whatever is wrong with the order or the disk shows before the first piece: then it is still told in words.
        block = await call(job.read)
        self.set_header("Content-Type", FORMS[order.form])
        self.set_header("Content-Disposition", f'attachment; filename="{order.file_name()}"')
        while block:
            self.write(block)
            # Waits until the client has taken it: a slow one holds one piece, not the file.
            await self.flush()
            try:
                block = await call(job.read)
            except TempHubError:
                # Too late for words: the reply breaks off, so that the client does not take the half for the whole.
                self.request.connection.set_close_callback(None)  # type: ignore[union-attr]
                self.detach().close()
                return
        self.finish()

    def on_connection_close(self) -> None:
        if self._job is not None:
            self._job.kill()

    def _order(self) -> Order:
        get = self.get_query_argument
        form = get("format", "")
        return make_order(
            form=form,
            start=get("from", ""),
            end=get("to", ""),
            probes=[probe for probe in self.get_query_arguments("probe_id") if probe],
            every=get("every", ""),
            zone=get("tz", ""),
            sheets=get("sheets", ""),
            excel=get("excel", ""),
            most=MOST_XLSX_ROWS if form in ("", "xlsx") else 0,
        )
