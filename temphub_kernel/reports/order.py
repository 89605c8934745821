"""What is wanted of a report, checked: whose, of which time, in which language, on which paper. Any
thread."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any

from ..core import (
    DAY_MS,
    EPOCH,
    LOCAL,
    MILLISECOND,
    find_zone,
    in_range,
    is_probe_id,
    local_zone,
    now_ms,
    printable,
)
from ..exports import LAST_MS, bad, check_probes, limits_of, one_of, time_of
from ..language import LANGUAGES as LANGUAGES

FORMS = {"pdf": "application/pdf", "html": "text/html; charset=utf-8"}
PAPERS = ("a4", "letter")
LAST = ("yesterday", "last-week", "last-month")
MOST_TEXT = 120
LONGEST_DAYS = 366 * 10
MONTH, DAY = re.compile(r"(\d{4})-(\d\d)"), re.compile(r"\d{4}-\d\d-\d\d")
WEEK, YEAR = re.compile(r"(\d{4})-[Ww](\d\d)"), re.compile(r"\d{4}")


@dataclass(frozen=True)
class ReportOrder:
    """A report on [from_ms, to_ms) of these probes, or of a group, or of all; as a file of this form.

    zone: of all times in it; title, place: what stands above, of its own where they are empty; limit_high_c,
    limit_low_c: beside the limits that rules give each probe.
    """

    from_ms: int
    to_ms: int
    form: str = "pdf"
    probe_ids: tuple[str, ...] = ()
    group: str = ""
    zone: str = LOCAL
    language: str = "en"
    paper: str = "a4"
    title: str = ""
    place: str = ""
    limit_high_c: float | None = None
    limit_low_c: float | None = None

    def file_name(self) -> str:
        """`temphub-report-2026-11-01-to-2026-11-30-Kitchen.pdf`: the first and the last day, and whose it
        is."""
        where = zone_of(self.zone)
        first, last = (
            datetime.fromtimestamp(ms // 1000, timezone.utc).astimezone(where)
            for ms in (self.from_ms, self.to_ms - 1)
        )
        days = " ".join(dict.fromkeys(f"{day:%Y-%m-%d}" for day in (first, last))).replace(" ", "-to-")
        whose = self.group or (self.probe_ids[0] if len(self.probe_ids) == 1 else "")
        # Only what any system takes in a file's name, and a header in its words; of two that then look alike
        # each keeps its own.
        plain = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in whose)[:40]
        plain += f"-{hashlib.sha256(whose.encode()).hexdigest()[:4]}" if plain != whose else ""
        return f"temphub-report-{days}{f'-{plain}' if plain else ''}.{self.form}"


def make_report(
    *,
    period: str = "",
    start: str = "",
    end: str = "",
    probes: Sequence[str] = (),
    group: str = "",
    zone: str = "",
    form: str = "",
    limit_high_c: str = "",
    limit_low_c: str = "",
    language: str = "",
    paper: str = "",
    title: str = "",
    place: str = "",
) -> ReportOrder:
    """An order from texts as people and URLs give them; an empty one means the default: last month, all
    probes. Raises TempHubError."""
    zone, form, language, paper = zone or LOCAL, form or "pdf", language or LANGUAGES[0], paper or PAPERS[0]
    for name, value, allowed in (
        ("format", form, FORMS),
        ("language", language, LANGUAGES),
        ("paper", paper, PAPERS),
    ):
        one_of(name, value, allowed)
    _check_texts({"title": title, "place": place, "group": group})
    _check_probes(probes, group)
    where = zone_of(zone)
    span = _between(start, end, where) if start or end else _period(period.strip() or "last-month", where)
    _check(*span)
    whom = tuple(dict.fromkeys(probes)), group.strip()
    limits = limits_of(limit_high_c, limit_low_c)
    return ReportOrder(
        *span, form, *whom, _told(zone, where), language, paper, title.strip(), place.strip(), *limits
    )


def _check_texts(texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        if len(text) > MOST_TEXT or not printable(text):
            raise bad(
                name, f"{name} is {text[:40]!r}.", f"Give {name} as one line of up to {MOST_TEXT} characters."
            )


def _check_probes(probes: Sequence[str], group: str) -> None:
    check_probes(probes)
    if probes and group:
        raise bad(
            "group",
            "Both probes and a group are given, and a report is of one of them.",
            "Leave one of them out.",
        )


def order_of(data: Mapping[str, Any]) -> ReportOrder:
    """The order that a report says it was made by (`asdict` of one). Raises ValueError or TempHubError for
    what is none."""
    known = {field.name for field in fields(ReportOrder)}
    if not known >= set(data) or not all(type(data.get(name)) is int for name in ("from_ms", "to_ms")):
        raise ValueError("not the fields of an order")
    ids = data.get("probe_ids", ())
    texts = [
        value
        for name, value in data.items()
        if name not in ("from_ms", "to_ms", "probe_ids", "limit_high_c", "limit_low_c")
    ]
    limits = [data.get(name) for name in ("limit_high_c", "limit_low_c")]
    if not all(isinstance(text, str) for text in texts) or not all(
        one is None or _is_limit(one) for one in limits
    ):
        raise ValueError("not the values of an order")
    if not isinstance(ids, list | tuple) or not all(is_probe_id(id_) for id_ in ids):
        raise ValueError("not the probes of an order")
    order = ReportOrder(**{**data, "probe_ids": tuple(ids)})
    _check(order.from_ms, order.to_ms)
    zone_of(order.zone)
    for name, value, allowed in (
        ("format", order.form, FORMS),
        ("language", order.language, LANGUAGES),
        ("paper", order.paper, PAPERS),
    ):
        one_of(name, value, allowed)
    return order


def _is_limit(value: object) -> bool:
    return isinstance(value, int | float) and in_range(value)


def zone_of(name: str) -> tzinfo:
    """The zone called so; `local` is this computer's. Raises TempHubError for a name nobody knows."""
    return find_zone(name) or local_zone()


def _told(name: str, zone: tzinfo) -> str:
    """A report that is read elsewhere has the zone's own name, where it has one."""
    return str(getattr(zone, "key", LOCAL)) if name == LOCAL else name


def _period(text: str, zone: tzinfo) -> tuple[int, int]:
    """[from, to) in ms of `2026`, `2026-11`, `2026-W48`, `2026-11-23`, `yesterday`, `last-week`, `last-month`
    by a zone's clock."""
    try:
        first, behind = _days(text, zone)
        # The first and the last day that there are have no midnight everywhere.
        return _midnight(first, zone), _midnight(behind, zone)
    except (ValueError, OverflowError) as error:
        remedy = (
            f"Give a month such as 2026-11, a week such as 2026-W48, a day, a year, {', '.join(LAST)}, "
            "or from and to."
        )
        raise bad("for", f"The time {text[:40]!r} is none that a report can be for.", remedy) from error


def _days(text: str, zone: tzinfo) -> tuple[date, date]:
    today = datetime.fromtimestamp(now_ms() / 1000, zone).date()
    monday = today - timedelta(days=today.weekday())
    if text == "yesterday":
        return today - timedelta(days=1), today
    if text == "last-week":
        return monday - timedelta(days=7), monday
    if text == "last-month":
        return (today.replace(day=1) - timedelta(days=1)).replace(day=1), today.replace(day=1)
    if found := MONTH.fullmatch(text):
        first = date(int(found[1]), int(found[2]), 1)
        return first, (first + timedelta(days=31)).replace(day=1)
    if found := WEEK.fullmatch(text):
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return first, first + timedelta(days=7)
    if YEAR.fullmatch(text):
        return date(int(text), 1, 1), date(int(text) + 1, 1, 1)
    if not DAY.fullmatch(text):
        raise ValueError(text)
    first = date.fromisoformat(text)
    return first, first + timedelta(days=1)


def _midnight(day: date, zone: tzinfo) -> int:
    """When a day begins; where a clock is put forward at midnight, with the first moment there is."""
    return (
        datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(timezone.utc) - EPOCH
    ) // MILLISECOND


def _between(start: str, end: str, zone: tzinfo) -> tuple[int, int]:
    if not start or not end:
        raise bad(
            "to" if start else "from",
            "A report needs both ends of its time.",
            "Give from and to, or a month such as 2026-11.",
        )
    return time_of("from", start.strip(), zone), time_of("to", end.strip(), zone)


def _check(from_ms: int, to_ms: int) -> None:
    if not 0 <= from_ms < to_ms <= LAST_MS or to_ms - from_ms > LONGEST_DAYS * DAY_MS:
        problem = "These two times have no range between them that a report can be for."
        raise bad("from", problem, "Give from before to, ten years apart at most.")
