"""What a viewer chose, and what the browser said of the viewer. The choices live in the page's address. Any thread; pure."""

from datetime import tzinfo
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode

from ..base.clock import iso_utc, parse_time
from ..base.lengths import length_parts
from ..base.reading import in_range, is_probe_id
from ..base.zones import known_zone
from . import text, words
from .window import CHIPS, Window, between, live

Unit = Literal["C", "F"]
Theme = Literal["auto", "light", "dark"]
Clock = Literal["auto", "24", "12"]
MOST_PROBES = 200
YES = ("1", "true", "yes", "on")


class Wanted(NamedTuple):
    """What has to be read of the journal for a view: pages that want the same share it. measured: a marked range, line_c: its limit."""

    window: Window
    zone: str = ""
    measured: tuple[int, int] | None = None
    line_c: float | None = None

    @property
    def where(self) -> tzinfo | None:
        """The viewer's time zone; None is this computer's."""
        return known_zone(self.zone)


class View(NamedTuple):
    """One viewer's page. probes: those shown, none means all; line_c: a limit drawn into the chart; measured: a marked range.

    zone, half_days (a clock with am and pm), scripted (its script counts ages and handles gestures), narrow (a phone): what the
    browser said.
    """

    window: Window = CHIPS[0]
    probes: tuple[str, ...] = ()
    unit: Unit = "C"
    theme: Theme = "auto"
    clock: Clock = "auto"
    kiosk: bool = False
    line_c: float | None = None
    measured: tuple[int, int] | None = None
    zone: str = ""
    half_days: bool = False
    scripted: bool = False
    narrow: bool = False

    @property
    def wanted(self) -> Wanted:
        """What has to be read for it."""
        return Wanted(self.window, self.zone, self.measured, self.line_c if self.measured else None)

    @property
    def where(self) -> tzinfo | None:
        """The viewer's time zone; None is this computer's."""
        return known_zone(self.zone)

    @property
    def am_pm(self) -> bool:
        """True for a clock with am and pm."""
        return self.half_days if self.clock == "auto" else self.clock == "12"

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
        return text.number(None if celsius is None else self.of(celsius))

    def spread(self, kelvin: float | None) -> str:
        """A standard deviation as a number."""
        return text.sigma(None if kelvin is None else self.of_difference(kelvin))

    def off(self, kelvin: float) -> str:
        """`±0.3 °C`: how far a value may be off."""
        return f"±{max(self.of_difference(kelvin), 0.1):.1f} {self.degree}"

    def slope(self, kelvin_per_hour: float | None) -> str:
        """`+0.4 °C/h`."""
        return text.trend(None if kelvin_per_hour is None else self.of_difference(kelvin_per_hour), self.degree)

    def told(self, now_ms: int) -> str:
        """The window in words: `last 24 hours`, `22 Nov 13:05 to 14:10`."""
        if not self.window.live:
            return self.between(*self.window.ends(now_ms), now_ms)
        number, unit = length_parts(self.window.span_ms)
        one, many = words.WINDOW_UNITS_LONG[unit]
        return words.WINDOW_LAST.format(one if number == 1 else many.format(number))

    def between(self, from_ms: int, to_ms: int, now_ms: int, *, to_second: bool = True) -> str:
        """`27 Nov 22:05 to 28 Nov 22:05` on the viewer's clock: two days are both named. now_ms: 0 names the year as well."""
        return words.BETWEEN.format(*text.between(from_ms, to_ms, self.where, now_ms, to_second=to_second, am_pm=self.am_pm))

    def at(self, ms: int, now_ms: int, *, to_second: bool = True) -> str:
        """A moment on the viewer's clock."""
        return text.clock(ms, self.where, now_ms, to_second=to_second, am_pm=self.am_pm)


def parse(query: str, now_ms: int, base: View = View()) -> View:  # noqa: B008  # immutable
    """The view that an address asks for. What cannot be understood is left as it was: a bookmark must never break the page."""
    found = dict(parse_qsl(query.lstrip("?"), max_num_fields=50) if len(query) < 20_000 else [])
    view = base._replace(window=live(found.get("window", "")) or base.window)
    if (ends := _ends(found.get("from", ""), found.get("to", ""))) is not None:
        view = view._replace(window=between(*ends, now_ms))
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
    if "kiosk" in found:
        view = view._replace(kiosk=found["kiosk"].lower() in YES)
    return view._replace(line_c=_limit(found["line"])) if "line" in found else view


def query(view: View) -> str:
    """The address that asks for this view, without its `?`; what is as usual is left out."""
    usual, window = View(), view.window
    parts: dict[str, str] = {}
    if window.live and window != usual.window:
        parts["window"] = window.key
    elif not window.live:
        parts |= {"from": _iso(window.end_ms - window.span_ms), "to": _iso(window.end_ms)}
    if view.measured:
        parts["range"] = "_".join(_iso(ms) for ms in view.measured)
    if view.probes:
        parts["probes"] = ",".join(view.probes)
    for name in ("unit", "theme", "clock"):
        if getattr(view, name) != getattr(usual, name):
            parts[name] = getattr(view, name)
    if view.kiosk:
        parts["kiosk"] = "1"
    if view.line_c is not None:
        parts["line"] = f"{view.line_c:g}"
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
