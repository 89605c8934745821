"""What a viewer chose, the window among it, and what the browser said of the viewer. The choices live in the
page's address. Any thread; pure.
"""

from datetime import tzinfo
from typing import Literal, NamedTuple, get_args
from urllib.parse import parse_qsl, quote, unquote, urlencode

from ...core import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    in_range,
    is_probe_id,
    iso_utc,
    known_zone,
    length_ms,
    length_parts,
    length_text,
    parse_time,
)
from .. import format, tongue, words
from .alarm_choice import ALARM_KEYS, AS_CHART, AlarmChoice, asked_alarms, told_alarms

SHORTEST_MS = 10_000
LONGEST_MS = 5 * 366 * DAY_MS
MOST_POINTS = 1000
# Up to here every reading of every probe is at hand; beyond, the journal's minutes are.
POINTS_UP_TO_MS = 2 * HOUR_MS
# Widths that a clock has: 1 s … 1 week.
WIDTHS_S = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14_400,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
)
UNITS = ("s", "min", "h", "d", "w", "y")


class Window(NamedTuple):
    """`span_ms` of time; end_ms: where it ends, 0 follows the clock (live)."""

    span_ms: int
    end_ms: int = 0

    @property
    def live(self) -> bool:
        """True when it moves with the clock."""
        return not self.end_ms

    @property
    def bucket_ms(self) -> int:
        """Width of a drawn point, 0 draws every reading; so a line has about a thousand points at most."""
        if self.span_ms <= MOST_POINTS * 500:
            return 0
        finest_s = 60 if self.from_minutes else 1
        wanted = next(
            (width for width in WIDTHS_S if width >= finest_s and width * 1000 * MOST_POINTS >= self.span_ms),
            WIDTHS_S[-1],
        )
        return wanted * 1000

    @property
    def from_minutes(self) -> bool:
        """True when its readings come from the journal's minutes rather than one by one."""
        return self.span_ms > POINTS_UP_TO_MS

    @property
    def key(self) -> str:
        """`24h` of a live window, `<from>_<to>` of another; tells windows apart."""
        return f"{self.end_ms - self.span_ms}_{self.end_ms}" if self.end_ms else length_text(self.span_ms)

    def ends(self, now_ms: int) -> tuple[int, int]:
        """(first, end) in ms."""
        end_ms = self.end_ms or now_ms
        return end_ms - self.span_ms, end_ms


def live(text: str) -> Window | None:
    """The live window of a text such as `24h`; None for what is none."""
    span_ms = length_ms(text, UNITS, digits=9) or 0
    return Window(span_ms) if SHORTEST_MS <= span_ms <= LONGEST_MS else None


def between(from_ms: float, to_ms: float, now_ms: int) -> Window:
    """A window that stands still, brought within what can be shown: 10 s to 5 years, and no further than
    now."""
    span_ms = round(min(max(to_ms - from_ms, SHORTEST_MS), LONGEST_MS))
    # What was asked for too short is widened about its middle.
    end_ms = round((from_ms + to_ms) / 2 + span_ms / 2) if to_ms - from_ms < SHORTEST_MS else round(to_ms)
    return Window(span_ms, max(min(end_ms, now_ms), span_ms))


CHIPS = tuple(
    Window(span)
    for span in (5 * MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 365 * DAY_MS, 5 * 365 * DAY_MS)
)
# What a page shows at first: the last minutes, and the day as soon as there is one.
DAY = CHIPS[2]
BY_KEY = {window.key: window for window in CHIPS}


# Of so long alarms are listed where nothing else was chosen.
ALARMS = Window(30 * DAY_MS)
# A wall screen shows a day where no other window was chosen.
WALL = Window(DAY_MS)
Unit = Literal["C", "F"]
Theme = Literal["auto", "light", "dark"]
Clock = Literal["auto", "24", "12"]
# What has a pane of the chart: probes that are in the same range, or those of a group.
Panes = Literal["range", "group"]
MOST_PROBES = 200
MOST_FOLDS, LONGEST_GROUP = 50, 64
YES = ("1", "true", "yes", "on")


class Wanted(NamedTuple):
    """What has to be read of the journal for a view: pages that want the same share it. measured: a marked
    range, line_c: its limit; alarms: the time of which alarms are listed."""

    window: Window
    zone: str = ""
    measured: tuple[int, int] | None = None
    line_c: float | None = None
    alarms: Window = ALARMS

    @property
    def where(self) -> tzinfo | None:
        """The viewer's time zone; None is this computer's."""
        return known_zone(self.zone)


class View(NamedTuple):
    """One viewer's page. probes: those shown, none means all; line_c: a limit drawn into the chart; measured:
    a marked range; alarms: which of them the list shows; folds: the groups of probes that were opened or
    folded by hand; timed: the window was chosen, and is not just the usual one.

    zone, tongue (the language that it would rather have), half_days (a clock with am and pm), scripted (its
    script counts ages and handles gestures), narrow (a phone): what the browser said.
    """

    window: Window = CHIPS[0]
    probes: tuple[str, ...] = ()
    unit: Unit = "C"
    theme: Theme = "auto"
    clock: Clock = "auto"
    panes: Panes = "range"
    language: str = "auto"
    kiosk: bool = False
    line_c: float | None = None
    measured: tuple[int, int] | None = None
    alarms: AlarmChoice = AlarmChoice()
    zone: str = ""
    tongue: str = "en"
    half_days: bool = False
    scripted: bool = False
    narrow: bool = False
    folds: tuple[str, ...] = ()
    timed: bool = False

    @property
    def wanted(self) -> Wanted:
        """What has to be read for it."""
        return Wanted(
            self.window, self.zone, self.measured, self.line_c if self.measured else None, self.alarms_window
        )

    @property
    def alarms_window(self) -> Window:
        """The time of which alarms are listed."""
        if self.alarms.time != AS_CHART:
            return live(self.alarms.time) or ALARMS
        return Window(self.measured[1] - self.measured[0], self.measured[1]) if self.measured else self.window

    @property
    def where(self) -> tzinfo | None:
        """The viewer's time zone; None is this computer's."""
        return known_zone(self.zone)

    @property
    def speaks(self) -> str:
        """The language of the page, one of LANGUAGES."""
        return self.tongue if self.language == "auto" else self.language

    @property
    def am_pm(self) -> bool:
        """True for a clock with am and pm; on a wall only where somebody chose it."""
        return self.half_days and not self.kiosk if self.clock == "auto" else self.clock == "12"

    @property
    def dark(self) -> bool:
        """Whether it is dark whatever the system is: chosen, or a wall screen where nothing was chosen."""
        return self.theme == "dark" or (self.kiosk and self.theme == "auto")

    @property
    def degree(self) -> str:
        """`°C` or `°F`."""
        return f"°{self.unit}"

    def of(self, celsius: float) -> float:
        """A temperature in the viewer's unit."""
        return celsius * 1.8 + 32 if self.unit == "F" else celsius

    def of_difference(self, kelvin: float) -> float:
        """A difference or a slope in the viewer's unit."""
        return kelvin * 1.8 if self.unit == "F" else kelvin

    def to_celsius(self, shown: float) -> float:
        """What the viewer typed, as °C."""
        return (shown - 32) / 1.8 if self.unit == "F" else shown

    def shows(self, probe_id: str) -> bool:
        """Whether a probe is among the chosen ones."""
        return not self.probes or probe_id in self.probes

    def degrees(self, celsius: float | None) -> str:
        """A temperature as a number in the viewer's unit."""
        return format.number(None if celsius is None else self.of(celsius))

    def spread(self, kelvin: float | None) -> str:
        """A standard deviation as a number."""
        return format.sigma(None if kelvin is None else self.of_difference(kelvin))

    def off(self, kelvin: float) -> str:
        """`±0.3 °C`: how far a value may be off."""
        return f"±{format.signed(f'{max(self.of_difference(kelvin), 0.1):.1f}')} {self.degree}"

    def slope(self, kelvin_per_hour: float | None) -> str:
        """`+0.4 °C/h`."""
        return format.trend(
            None if kelvin_per_hour is None else self.of_difference(kelvin_per_hour), self.degree
        )

    def told(self, now_ms: int) -> str:
        """The window in words: `last 24 hours`, `22 Nov 13:05 to 14:10`."""
        if not self.window.live:
            return self.between(*self.window.ends(now_ms), now_ms)
        number, unit = length_parts(self.window.span_ms)
        one, many = words.WINDOW_UNITS_LONG[unit]
        return words.WINDOW_LAST.format(one if number == 1 else many.format(number))

    def between(self, from_ms: int, to_ms: int, now_ms: int, *, to_second: bool = True) -> str:
        """`27 Nov 22:05 to 28 Nov 22:05` on the viewer's clock: two days are both named. now_ms: 0 names the
        year as well."""
        return words.BETWEEN.format(
            *format.between(from_ms, to_ms, self.where, now_ms, to_second=to_second, am_pm=self.am_pm)
        )

    def at(self, ms: int, now_ms: int, *, to_second: bool = True) -> str:
        """A moment on the viewer's clock."""
        return format.clock(ms, self.where, now_ms, to_second=to_second, am_pm=self.am_pm)


def parse(query: str, now_ms: int, base: View = View()) -> View:  # noqa: B008  # immutable
    """The view that an address asks for. What cannot be understood is left as it was: a bookmark must never
    break the page."""
    found = dict(parse_qsl(query.lstrip("?"), max_num_fields=50) if len(query) < 20_000 else [])
    view = base
    if (span := live(found.get("window", ""))) is not None:
        view = view._replace(window=span, timed=True)
    if (ends := _ends(found.get("from", ""), found.get("to", ""))) is not None:
        view = view._replace(window=between(*ends, now_ms), timed=True)
    first, _, last = found.get("range", "").partition("_")
    if (ends := _ends(first, last)) is not None:
        view = view._replace(measured=ends)
    if "probes" in found:
        chosen = [name for name in found["probes"].split(",") if is_probe_id(name)]
        view = view._replace(probes=tuple(dict.fromkeys(chosen[:MOST_PROBES])))
    if found.get("unit", "").upper() in ("C", "F"):
        view = view._replace(unit="F" if found["unit"].upper() == "F" else "C")
    if found.get("theme") in ("light", "dark", "auto"):
        view = view._replace(theme=found["theme"])  # type: ignore[arg-type]
    if found.get("clock") in ("24", "12", "auto"):
        view = view._replace(clock=found["clock"])  # type: ignore[arg-type]
    if found.get("panes") in get_args(Panes):
        view = view._replace(panes=found["panes"])  # type: ignore[arg-type]
    if found.get("language") in ("auto", *tongue.CHOICES):
        view = view._replace(language=found["language"])
    if "fold" in found:
        folds = [name for name in map(unquote, found["fold"].split(",")) if 0 < len(name) <= LONGEST_GROUP]
        view = view._replace(folds=tuple(dict.fromkeys(folds[:MOST_FOLDS])))
    if "kiosk" in found:
        view = view._replace(kiosk=found["kiosk"].lower() in YES)
        if view.kiosk and view.window == View().window and not {"window", "from"} & found.keys():
            view = view._replace(window=WALL)
    if any(key in found for key in ALARM_KEYS.values()):
        choice = asked_alarms(found)
        known = choice.time == AS_CHART or live(choice.time) is not None
        view = view._replace(alarms=choice if known else choice._replace(time=""))
    return view._replace(line_c=_limit(found["line"])) if "line" in found else view


def query(view: View) -> str:
    """The address that asks for this view, without its `?`; what is as usual is left out."""
    usual, window = View(), view.window
    parts: dict[str, str] = {}
    if window.live and (view.timed or window != (WALL if view.kiosk else usual.window)):
        parts["window"] = window.key
    elif not window.live:
        parts |= {"from": _iso(window.end_ms - window.span_ms), "to": _iso(window.end_ms)}
    if view.measured:
        parts["range"] = "_".join(_iso(ms) for ms in view.measured)
    if view.probes:
        parts["probes"] = ",".join(view.probes)
    for name in ("unit", "theme", "clock", "panes", "language"):
        if getattr(view, name) != getattr(usual, name):
            parts[name] = getattr(view, name)
    if view.folds:
        parts["fold"] = ",".join(quote(name, safe="") for name in view.folds)
    if view.kiosk:
        parts["kiosk"] = "1"
    if view.line_c is not None:
        parts["line"] = f"{view.line_c:g}"
    parts |= told_alarms(view.alarms)
    return urlencode(parts, safe=",:")


def _ends(first: str, end: str) -> tuple[int, int] | None:
    try:
        from_ms, to_ms = parse_time(first), parse_time(end)
    except ValueError:
        return None
    return (from_ms, to_ms) if 0 < from_ms < to_ms < 2**48 else None


def _iso(ms: int) -> str:
    """`2026-11-23T12:54:00Z`; milliseconds only where there are any."""
    return iso_utc(ms).replace(".000Z", "Z")


def _limit(told: str) -> float | None:
    """A limit in °C."""
    try:
        celsius = float(told)
    except ValueError:
        return None
    return celsius if in_range(celsius) else None
