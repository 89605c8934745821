"""Periods that people name: yesterday, the last week, a month of the calendar. Any thread; pure."""

from datetime import date, datetime, time, timedelta, tzinfo

from .. import format, words

# So many months are named, the last one first.
MONTHS = 3
Period = tuple[str, tuple[datetime, datetime]]


def periods(now_ms: int, where: tzinfo | None) -> list[Period]:
    """(what it is called, (its beginning, its end) on the viewer's clock without a zone) of those that are
    over. A week begins on Monday. where: the viewer's time zone, None for this computer's."""
    today = format.local(now_ms, where).date()
    monday = today - timedelta(days=today.weekday())
    spans = [
        (words.YESTERDAY, today - timedelta(days=1), today),
        (words.LAST_WEEK, monday - timedelta(days=7), monday),
    ]
    end = today.replace(day=1)
    for _ in range(MONTHS):
        first = (end - timedelta(days=1)).replace(day=1)
        spans.append((words.MONTHS_LONG[first.month - 1], first, end))
        end = first
    return [(told, (_midnight(first), _midnight(last))) for told, first, last in spans]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)
