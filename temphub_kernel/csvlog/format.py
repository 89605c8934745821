"""The CSV's lines: how a reading becomes one, and how one found in the file is recognised again. Any thread.

UTF-8 without a byte order mark: header, ids and numbers are plain ASCII, so Excel shows them rightly without
one, and no program meets three odd bytes in front of `timestamp`. Lines end in a plain newline.
"""

import csv
from collections.abc import Iterable

from ..core import (
    CSV_COLUMNS,
    SEPARATORS,
    STANDARD,
    Style,
    csv_cell,
    iso_utc,
    local_text,
    number_cell,
    number_of,
    separator_in,
)
from ..journal import Point

# timestamp, probe_id, temperature, quality: what a line says, without the local time, which follows the
# computer's time zone and which Excel rewrites in its own style.
Key = tuple[str, str, float | None, str]


def to_lines(points: Iterable[Point], style: Style = STANDARD) -> bytes:
    """The lines of some readings, in the order given."""
    part, point = style.separator, style.point
    # Readings of one moment share their second: most of a line's cost is its two times.
    seconds: dict[int, tuple[str, str]] = {}
    cells: dict[str, str] = {}
    lines: list[str] = []
    for _, probe_id, taken_ms, _, units, quality, *_ in points:
        second, rest = divmod(taken_ms, 1000)
        times = seconds.get(second)
        if times is None:
            times = seconds[second] = (iso_utc(second * 1000)[:-5], local_text(second * 1000, style.date))
        probe = cells.get(probe_id)
        if probe is None:
            probe = cells[probe_id] = csv_cell(probe_id)
        number = "" if units is None else number_cell(units, point)
        lines.append(
            f"{times[0]}.{rest:03d}Z{part}{times[1]}{part}{probe}{part}{number}{part}"
            f"{csv_cell(quality or '')}\n"
        )
    return "".join(lines).encode("utf-8")


def key_of(point: Point) -> Key:
    """What a reading's line says."""
    return _key(to_lines([point])) or ("", "", None, "")


def keys_of(text: bytes) -> list[Key]:
    """What the lines of a piece of a log say; lines that are no reading are left out."""
    return [key for line in text.split(b"\n") if (key := _key(line)) is not None]


def cells_of(line: str) -> list[str]:
    """The cells of a line, whatever parts them; none where it is blank or cannot be read."""
    line = line.strip()
    try:
        return next(csv.reader([line], delimiter=separator_in(line)), [])
    except csv.Error:
        return []


def point_of(text: bytes) -> str | None:
    """The decimal sign of the lines of a piece of a log; None when no number there has one."""
    for line in reversed(text.split(b"\n")):
        cells = cells_of(line.decode("utf-8", "replace"))
        if len(cells) == len(CSV_COLUMNS) and (sign := cells[3].strip("-0123456789")) in (".", ","):
            return sign
    return None


def begins_header(text: bytes) -> bool:
    """Whether a whole file is nothing, or the beginning of a log's first line in any style."""
    headers = (Style(separator).header for separator in SEPARATORS)
    return any(header.startswith(text) for header in headers)


def is_torn(line: bytes, point: Point) -> bool:
    """True when `line`, which has no end, is the beginning of this reading's line, whatever the style and the
    time zone were."""
    separator = separator_in(line.decode("utf-8", "replace"))
    found = line.split(separator.encode())
    last = len(found) - 1
    for sign in {".", ","} - {separator}:
        whole = to_lines([point], Style(separator, sign)).rstrip(b"\n").split(separator.encode())
        same = last < len(whole) and all(_same(at, found[at], whole[at]) for at in range(last))
        if same and (last == 1 or whole[last].startswith(found[last])):
            return True
    return False


def _same(column: int, found: bytes, whole: bytes) -> bool:
    """Whether a cell says the same; older versions wrote 21.875, a spreadsheet writes 20 for 20.0."""
    if column == 1 or found == whole:
        return True
    try:
        return column == 3 and number_of(found.decode()) == number_of(whole.decode())
    except ValueError:
        return False


def _key(line: bytes) -> Key | None:
    try:
        timestamp, _, probe_id, number, quality = cells_of(line.decode("utf-8"))
        return timestamp, probe_id, number_of(number) if number else None, quality
    except ValueError:
        return None
