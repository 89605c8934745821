"""How a CSV is written for the spreadsheets of a country, and how one is recognised whatever country it was written for. Any thread."""

import re
import sys
from typing import NamedTuple

# What may part the columns of a log. None of them is in a time, a probe's id or a quality.
SEPARATORS = ",;\t|"
COLUMNS = ("timestamp", "local_time", "probe_id", "temperature_c", "quality")
BOM = b"\xef\xbb\xbf"
ISO_DATE = "%Y-%m-%d"
DATE_PICTURE = re.compile(r"(d{1,2}|M{1,2}|y{2,4})([./ -])(d{1,2}|M{1,2}|y{2,4})\2(d{1,2}|M{1,2}|y{2,4})")


class Style(NamedTuple):
    """Separator of columns, decimal sign, and the local date as strftime takes it."""

    separator: str = ","
    point: str = "."
    date: str = ISO_DATE

    @property
    def header(self) -> bytes:
        """The log's first line."""
        return f"{self.separator.join(COLUMNS)}\n".encode("ascii")

    @property
    def mark(self) -> str:
        """The style as one text, to tell it from another later."""
        return f"{self.separator} {self.point} {self.date}"


STANDARD = Style()
# Dates as Windows shows them there, except where LibreOffice reads only the other way; every spreadsheet reads ISO dates.
COUNTRIES = {
    "en": STANDARD,
    "ch": Style(";", ".", "%d.%m.%Y"),
    **dict.fromkeys(("de", "at", "no", "fi", "pl"), Style(";", ",", "%d.%m.%Y")),
    **dict.fromkeys(("br", "es", "fr", "it"), Style(";", ",", "%d/%m/%Y")),
    **dict.fromkeys(("dk", "nl"), Style(";", ",", "%d-%m-%Y")),
    **dict.fromkeys(("pt", "se"), Style(";", ",")),
}
STYLES = {"standard": STANDARD, **{f"excel-{country}": style for country, style in COUNTRIES.items()}}
AUTO = "auto"


def style_named(name: str) -> Style:
    """The style of a setting: one of STYLES, or AUTO for what this computer's Windows says (elsewhere the standard one)."""
    return of_this_windows() if name == AUTO else STYLES[name]


def of_this_windows() -> Style:
    """The style of the person's regional settings, which Excel goes by; the standard one where they make no table that can be read."""
    if sys.platform != "win32":
        return STANDARD
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, r"Control Panel\International") as key:
            separator, point, date = (str(winreg.QueryValueEx(key, name)[0]) for name in ("sList", "sDecimal", "sShortDate"))
    except OSError:
        return STANDARD
    return regional(separator, point, date)


def regional(separator: str, point: str, date: str) -> Style:
    """The style of regional settings: list separator, decimal sign, and the picture of a short date such as dd.MM.yyyy."""
    if separator not in SEPARATORS or len(separator) != 1 or point not in (",", ".") or separator == point:
        return STANDARD
    found = DATE_PICTURE.fullmatch(date)
    parts = [part[0] for part in found.group(1, 3, 4)] if found else []
    if found is None or sorted(parts) != ["M", "d", "y"]:
        return Style(separator, point)
    return Style(separator, point, found.group(2).join({"d": "%d", "M": "%m", "y": "%Y"}[part] for part in parts))


def separator_of(first_line: bytes) -> str | None:
    """What parts the columns of a log with this first line, also as Excel or an editor saved it again; None for no log of ours."""
    names = first_line.removeprefix(BOM).strip().replace(b'"', b"").decode("latin-1")
    return next((sign for sign in SEPARATORS if names == sign.join(COLUMNS)), None)


def separator_in(line: str) -> str:
    """What parts the columns of a line of a log: what stands behind its timestamp."""
    return next((sign for sign in line if sign in SEPARATORS), ",")


def number_of(text: str) -> float:
    """The number of a cell, with a point or a comma as its decimal sign; no log parts thousands. Raises ValueError."""
    return float(text.replace(",", "."))
