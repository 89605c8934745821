"""A text or a temperature as one cell of a table that people open in a spreadsheet. Any thread."""

import re

from .reading import number_text

# What a spreadsheet takes for a number, a time, a date or a truth value: whatever begins with a digit, a month and its day, some words.
MONTHS = "jan|feb|m[aä]r|apr|ma[yij]|jun|jul|aug|se|o[ck]t|nov|de[cz]"
TAKEN = re.compile(rf"[\d.+-].*|({MONTHS})[a-z]*[-._:]?\d+.*|true|false|wahr|falsch|vrai|faux", re.IGNORECASE)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MUST_QUOTE = frozenset(',;"\r\n')


def harmless(text: str) -> str:
    """The text so that no spreadsheet runs it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def cell(text: str) -> str:
    """A text or a temperature as one cell of a CSV, whichever of comma and semicolon parts its columns; never a formula."""
    text = harmless(text)
    return '"' + text.replace('"', '""') + '"' if MUST_QUOTE.intersection(text) else text


def number_cell(units: int, point: str = ".") -> str:
    """A stored temperature as one cell of a CSV: exact, and never with exactly three decimals (`21.8750`).

    A spreadsheet of a country that writes the other sign takes `21.875` for twenty-one thousand; four digits it leaves as text.
    """
    text = number_text(units)
    text = text + "0" if text[-4:-3] == "." else text
    return text if point == "." else text.replace(".", point)


def text_cell(text: str) -> str:
    """A probe's id as one cell of a CSV made for a spreadsheet: `0096` and `1E5` stay what they are. Programs get `cell`."""
    # Excel and LibreOffice both take ="0096" for the text; quotes alone they leave out before they guess.
    return f'="{text}"' if TAKEN.fullmatch(text) and '"' not in text else cell(text)
