"""Questions to the journal, from any process, while the hub writes or with no hub at all.

A Reader belongs to the thread that made it. Every question sees one consistent moment of the journal. What
the roll-ups have not taken in yet is read from the readings themselves, so an answer is never behind. Values
are as calibrated; the raw ones stand beside them. What a person struck out is not there unless asked for;
only followers, who need every number, get it, without a value and with the quality `struck_out`. A probe that
was removed answers to its own id only; one that counts as another answers as that, and its readings are that
one's.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..core import AHEAD_MS, now_ms
from . import batches, blocks, record_questions, schema, summary
from .archive.months import FOLDER, Archive
from .columns import FIELDS, Columns, Floats, Newest, Point, boots_of, points_of
from .effective import counted, judged
from .moment import Moment, pieces_by_number, pieces_by_time
from .newest import Heard, Told, following, heard, listed, newest, not_ahead, not_struck
from .records import followed, merged, merging
from .statistics import Beyond, Calendar, Figures, Known, Limit, Most, Steps, questions

PROBE_FIELDS = (
    "no, id, first_ms, ip, port, host, version, model, name, boot, via, seen_ms, present,"
    " interval_ms, server_url, provisioned_ms, problem, remedy, alias, place, hidden, group, note, "
    "removed_ms, power_on_counts"
)
MOST = Most()


class Reader(record_questions.RecordQuestions):
    """A read-only connection and the questions it answers. Raises TempHubError when there is no journal."""

    def __init__(self, path: Path, *, one_thread: bool = True, recent: batches.Recent | None = None) -> None:
        """one_thread: False for a caller that itself sees to it that only one thread at a time asks; recent:
        `Writer.recent` of this process, for who follows closely."""
        # Asked for first: a file that is put there meanwhile is another one.
        self.file = file_at(path)
        self._db = schema.open_for_reading(path, one_thread=one_thread)
        self._stored = blocks.Stored(self._db, path.parent / FOLDER, recent)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _numbers(self, probe_ids: str | Sequence[str] | None) -> list[int] | None:
        with self._moment() as moment:
            return moment.numbers(probe_ids)

    def count(self) -> int:
        """How many readings are stored."""
        return self._stored.last_no()

    def after(self, no: int, limit: int, *, own: bool = False) -> list[Point]:
        """The next readings in journal order, for followers. own: each under the id it was delivered with,
        whatever that counts as."""
        with self._moment() as moment:
            if self._stored.is_row(no + 1):
                return following(self._db, no, limit, own=own)
            columns = moment.behind(no, limit, FIELDS, own=own)
            return points_of(columns, boots_of(self._db, columns.boot))

    def behind(self, no: int, limit: int, *, fields: Sequence[str] = FIELDS, own: bool = False) -> Columns:
        """The same as columns. fields: as for `columns`; what is struck out is there, without a value and
        with that quality."""
        with self._moment() as moment:
            return moment.behind(no, limit, fields, own=own)

    def newest(self, *, own: bool = False, kept: Told | None = None) -> list[Newest]:
        """Each probe's newest reading by the time it was taken, by probe id; what is dated in the future is
        not 'now'.

        own: for each id that delivered, also where it counts as another probe; kept: of who asks again: of a
        probe that sent nothing since he is given the very same.
        """
        with self._moment() as moment:
            there = not_ahead(newest(self._db, moment.done, kept), now_ms(), moment.own)
            return listed(not_struck(there, self._db, moment.own), self._db, own=own)

    def heard(self) -> list[Heard]:
        """Of each probe no more than when it was heard last and how often it measures: of thousands for a
        fraction of what `newest` and `probes` cost. What came in while the clock was ahead is not heard."""
        limit_ms = now_ms() + AHEAD_MS
        with self._moment() as moment:
            found = heard(self._db, moment.done)
        if all(one.delivered_ms <= limit_ms for one in found):
            return found
        before = {one.probe_id: one.delivered_ms for one in self.newest()}
        return [one._replace(delivered_ms=before.get(one.probe_id, 0)) for one in found]

    def columns(
        self,
        from_ms: int,
        to_ms: int,
        probe_ids: Sequence[str] | None = None,
        *,
        fields: Sequence[str] = FIELDS,
        struck_out: bool = False,
    ) -> Columns:
        """Readings taken in [from_ms, to_ms) as columns, by time, late ones in their place.

        fields: which of journal.FIELDS and JUNCTION to read; the columns of the others are empty (received_ms
        comes with delay_ms, raw and quality with units). struck_out: with what is struck out, which then has
        no value and that quality.
        """
        with self._moment() as moment:
            batch = moment.by_time(from_ms, to_ms, moment.numbers(probe_ids), fields)
            return counted(self._db, moment.ids(), batch, struck_out=struck_out)

    def stream(
        self,
        from_ms: int,
        to_ms: int,
        probe_ids: Sequence[str] | None = None,
        *,
        most: int = 100_000,
        by_number: bool = False,
        fields: Sequence[str] = FIELDS,
        struck_out: bool = False,
        own: bool = False,
        at_once: bool = False,
    ) -> Generator[Columns, None, None]:
        """Readings taken in [from_ms, to_ms) in pieces of about `most`, in memory that does not grow with the
        range.

        Pieces follow each other in time, each by (taken_ms, no); with by_number=True everything is in journal
        order and complete. fields, struck_out: as for `columns`; in journal order what is struck out is
        always there. own, by time: see after; and of the ids asked for that alone. at_once, by time: for who
        wants all of them and does not wait in between; quicker, and all of one
        moment, until the last piece was taken or it is closed.
        """
        if by_number:
            pieces = pieces_by_number(self._moment, from_ms, to_ms, probe_ids, fields)
        else:
            asked = (from_ms, to_ms, probe_ids, most, fields)
            pieces = pieces_by_time(self._moment, *asked, struck_out=struck_out, own=own, at_once=at_once)
        return (piece for piece in pieces if len(piece))

    def about(self, from_ms: int, to_ms: int, probe_ids: Sequence[str] | None = None) -> int:
        """How many readings were taken in [from_ms, to_ms), rather more than fewer; quick."""
        with self._moment() as moment:
            return self._stored.about(from_ms, to_ms, moment.done, moment.numbers(probe_ids))

    def steps(
        self, from_ms: int, to_ms: int, width_ms: int, probe_ids: str | Sequence[str] | None = None
    ) -> tuple[dict[int, str], Steps]:
        """What each probe has in each `width_ms`: (probe id of each number, steps by probe number and time),
        bad readings counted too.

        Whole minutes come from the roll-ups; any other width from the readings. Steps begin at multiples of
        `width_ms` since 1970.
        """
        with self._moment() as moment:
            ids = moment.named(probe_ids)
            return ids, questions.steps(moment, list(ids), from_ms, to_ms, width_ms)

    def calendar_steps(
        self, from_ms: int, to_ms: int, calendar: Calendar, probe_ids: str | Sequence[str] | None = None
    ) -> tuple[dict[int, str], Steps, Floats, Floats]:
        """What each step of a calendar has of [from_ms, to_ms) and nothing else: (ids, steps, mean over time
        of each, how long they hold).

        `at` is when the step began, in ms, and the mean in 1e-7 °C. It is that of readings, each for as long
        as it holds (last: the sum of these); of many, of even hours and what is uneven beside them (see
        statistics/time_weights.py). Steps below a minute are made from seconds.
        """
        with self._moment() as moment:
            ids = moment.named(probe_ids)
            return ids, *questions.calendar_steps(moment, list(ids), from_ms, to_ms, calendar)

    def beyond(
        self, from_ms: int, to_ms: int, limits: Sequence[Limit], probe_ids: str | Sequence[str] | None = None
    ) -> dict[str, Beyond]:
        """How long each probe with a good reading in [from_ms, to_ms) was beyond each limit, and when: see
        statistics/exceedance.py."""
        with self._moment() as moment:
            ids = moment.named(probe_ids).items()
            found = {probe_id: questions.beyond(moment, no, from_ms, to_ms, limits) for no, probe_id in ids}
        return {probe_id: told for probe_id, told in found.items() if told is not None}

    def figures(
        self,
        from_ms: int,
        to_ms: int,
        probe_ids: str | Sequence[str] | None = None,
        *,
        known: Known | None = None,
        most: Most = MOST,
    ) -> dict[str, Figures]:
        """What each probe with a good reading in [from_ms, to_ms) has there: see statistics/figures.py.

        known: kept by who asks again.
        """
        known = (known or Known()).judged_as(self.judged())
        with self._moment() as moment:
            return questions.figures_of(moment, moment.named(probe_ids), from_ms, to_ms, known, most)

    def probes(self, *, removed: bool = False, kept: followed.Kept | None = None) -> list[dict[str, Any]]:
        """All that is known of each probe, by id: see PROBE_FIELDS. removed: also those that a person
        removed.

        also: the ids that count as it; device: the one heard last of it and those. kept: of who asks again
        and changes nothing of what it is given: of a probe that is as it was it is given the very same.
        """
        names = PROBE_FIELDS.replace(",", "").split()
        found = merged.known(self._db, names) if kept is None else followed.probes(self._db, names, kept)
        return [row for row in found if removed or not row["removed_ms"]]

    def device(self, probe_id: str) -> str:
        """The id of the device to talk to for a probe: another one's where a new board counts as it, or it
        was never met: its own."""
        found = (
            (row["device"] for row in self.probes(removed=True) if row["id"] == probe_id)
            if merged.Merged(self._db)
            else ()
        )
        return next(iter(found), probe_id)

    def late(
        self, from_ms: int, to_ms: int, every_ms: int, probe_ids: str | Sequence[str] | None = None
    ) -> dict[str, list[int]]:
        """When readings were taken that came late, one each `every_ms`, of each probe that has such; what
        came in the last half minute may lack."""
        late = self.note(summary.TOPIC)[1]
        with self._moment() as moment:
            found = _late(moment, late, probe_ids, (from_ms, to_ms, every_ms)) if late else {}
        return {probe_id: sorted(times) for probe_id, times in found.items() if times}

    def judged(self) -> tuple[int, ...]:
        """Another one whenever readings count otherwise than before: something was struck out, undone,
        calibrated or merged."""
        return judged(self._db)

    def common(self, from_id: str, into_id: str) -> merging.Common | None:
        """When two probes both have readings; None where that is no more than a change-over. Raises
        TempHubError (404)."""
        with self._moment() as moment:
            return merging.common(self._db, from_id, into_id, moment.done)

    def boots(self) -> dict[int, str]:
        """The boot mark of each number in a boot column."""
        return dict(self._db.execute("SELECT no, boot FROM boots"))

    def archives(self) -> list[Archive]:
        """The files of closed months, by time."""
        return self._stored.archives.all()

    def span(self) -> tuple[int, int] | None:
        """(oldest, newest) time of any reading in milliseconds, or None when there is none."""
        with self._moment() as moment:
            return moment.span()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All that is asked within is answered of one moment, whatever is stored or said meanwhile."""
        with self._moment():
            yield

    @contextmanager
    def _moment(self) -> Iterator[Moment]:
        """One consistent view."""
        if self._db.in_transaction:
            yield Moment(self._db, self._stored, summary.bookmark(self._db))
            return
        self._db.execute("BEGIN")
        try:
            yield Moment(self._db, self._stored, summary.bookmark(self._db))
        finally:
            self._db.execute("ROLLBACK")


def file_at(path: Path) -> tuple[int, int]:
    """Which file is there, (0, 0) for none: a damaged journal is put aside while a Reader has it open, or a
    back-up is put in its place."""
    with suppress(OSError):
        stat = path.stat()
        return stat.st_dev, stat.st_ino
    return 0, 0


def _late(
    moment: Moment, late: dict[str, Any], probe_ids: str | Sequence[str] | None, span: tuple[int, int, int]
) -> dict[str, list[int]]:
    """When readings of each probe were taken that came late. late: the note; span: from, to, every."""
    ids = moment.ids()
    return {
        probe_id: [ms for one in moment.all_of([no]) for ms in summary.late_times(late, ids[one], *span)]
        for no, probe_id in moment.named(probe_ids).items()
    }
