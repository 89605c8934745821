"""What spreadsheets make of a cell, and how a CSV is written for those of a country. Any thread."""

import re
import sys
from typing import NamedTuple

from .reading import number_text

# What a spreadsheet takes for a number, a time, a date or a truth value: whatever begins with a digit, a
# month and its day, some words.
MONTHS = "jan|feb|m[aä]r|apr|ma[yij]|jun|jul|aug|se|o[ck]t|nov|de[cz]"
TAKEN = re.compile(rf"[\d.+-].*|({MONTHS})[a-z]*[-._:]?\d+.*|true|false|wahr|falsch|vrai|faux", re.IGNORECASE)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MUST_QUOTE = frozenset(',;"\r\n')


def harmless(text: str) -> str:
    """The text so that no spreadsheet runs it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_cell(text: str) -> str:
    """A text or a temperature as one cell of a CSV, whichever of comma and semicolon parts its columns; never
    a formula."""
    text = harmless(text)
    return '"' + text.replace('"', '""') + '"' if MUST_QUOTE.intersection(text) else text


def number_cell(units: int, point: str = ".") -> str:
    """A stored temperature as one cell of a CSV: exact, and never with exactly three decimals (`21.8750`).

    A spreadsheet of a country that writes the other sign takes `21.875` for twenty-one thousand; four digits
    it leaves as text.
    """
    text = number_text(units)
    text = text + "0" if text[-4:-3] == "." else text
    return text if point == "." else text.replace(".", point)


def text_cell(text: str) -> str:
    """A probe's id as one cell of a CSV made for a spreadsheet: `0096` and `1E5` stay what they are. Programs
    get `csv_cell`."""
    # Excel and LibreOffice both take ="0096" for the text; quotes alone they leave out before they guess.
    return f'="{text}"' if TAKEN.fullmatch(text) and '"' not in text else csv_cell(text)


# What may part the columns of a log. None of them is in a time, a probe's id or a quality.
SEPARATORS = ",;\t|"
CSV_COLUMNS = ("timestamp", "local_time", "probe_id", "temperature_c", "quality")
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
        return f"{self.separator.join(CSV_COLUMNS)}\n".encode("ascii")

    @property
    def mark(self) -> str:
        """The style as one text, to tell it from another later."""
        return f"{self.separator} {self.point} {self.date}"


STANDARD = Style()
# Dates as Windows shows them there, except where LibreOffice reads only the other way; every spreadsheet
# reads ISO dates.
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
    """The style of a setting: one of STYLES, or AUTO for what this computer's Windows says (elsewhere the
    standard one)."""
    return of_this_windows() if name == AUTO else STYLES[name]


def of_this_windows() -> Style:
    """The style of the person's regional settings, which Excel goes by; the standard one where they make no
    table that can be read."""
    if sys.platform != "win32":
        return STANDARD
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, r"Control Panel\International") as key:
            separator, point, date = (
                str(winreg.QueryValueEx(key, name)[0]) for name in ("sList", "sDecimal", "sShortDate")
            )
    except OSError:
        return STANDARD
    return regional(separator, point, date)


def regional(separator: str, point: str, date: str) -> Style:
    """The style of regional settings: list separator, decimal sign, and the picture of a short date such as
    dd.MM.yyyy."""
    if separator not in SEPARATORS or len(separator) != 1 or point not in (",", ".") or separator == point:
        return STANDARD
    found = DATE_PICTURE.fullmatch(date)
    parts = [part[0] for part in found.group(1, 3, 4)] if found else []
    if found is None or sorted(parts) != ["M", "d", "y"]:
        return Style(separator, point)
    return Style(
        separator, point, found.group(2).join({"d": "%d", "M": "%m", "y": "%Y"}[part] for part in parts)
    )


def separator_of(first_line: bytes) -> str | None:
    """What parts the columns of a log with this first line, also as Excel or an editor saved it again; None
    for no log of ours."""
    names = first_line.removeprefix(BOM).strip().replace(b'"', b"").decode("latin-1")
    return next((sign for sign in SEPARATORS if names == sign.join(CSV_COLUMNS)), None)


def separator_in(line: str) -> str:
    """What parts the columns of a line of a log: what stands behind its timestamp."""
    return next((sign for sign in line if sign in SEPARATORS), ",")


def number_of(text: str) -> float:
    """The number of a cell, with a point or a comma as its decimal sign; no log parts thousands. Raises
    ValueError."""
    return float(text.replace(",", "."))
