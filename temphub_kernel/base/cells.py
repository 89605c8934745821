"""A text as one cell of a table that people open in a spreadsheet. Any thread."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MUST_QUOTE = frozenset(',;"\r\n')


def harmless(text: str) -> str:
    """The text so that no spreadsheet runs it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def cell(text: str) -> str:
    """A text as one cell of a CSV, whichever of comma and semicolon parts its columns; never a formula."""
    text = harmless(text)
    return '"' + text.replace('"', '""') + '"' if MUST_QUOTE.intersection(text) else text
