"""The CSV's lines: how a reading becomes one, and how one found in the file is recognised again. Any thread.

UTF-8 without a byte order mark: header, ids and numbers are plain ASCII, so Excel shows them rightly without one,
and no program meets three odd bytes in front of `timestamp`. Lines end in a plain newline.
"""

import csv
from collections.abc import Iterable

from ..base.cells import cell
from ..base.clock import iso_utc, local_text
from ..base.reading import number_text
from ..journal import Point

HEADER = "timestamp,local_time,probe_id,temperature_c,quality"
HEADER_LINE = f"{HEADER}\n".encode("ascii")
BOM = b"\xef\xbb\xbf"

# timestamp, probe_id, temperature, quality: what a line says, without the local time, which follows the
# computer's time zone and which Excel rewrites in its own style.
Key = tuple[str, str, float | None, str]


def to_lines(points: Iterable[Point]) -> bytes:
    """The lines of some readings, in the order given."""
    # Readings of one moment share their second: most of a line's cost is its two times.
    seconds: dict[int, tuple[str, str]] = {}
    cells: dict[str, str] = {}
    lines: list[str] = []
    for _, probe_id, taken_ms, _, units, quality, *_ in points:
        second, rest = divmod(taken_ms, 1000)
        times = seconds.get(second)
        if times is None:
            times = seconds[second] = (iso_utc(second * 1000)[:-5], local_text(second * 1000))
        probe = cells.get(probe_id)
        if probe is None:
            probe = cells[probe_id] = cell(probe_id)
        number = "" if units is None else number_text(units)
        lines.append(f"{times[0]}.{rest:03d}Z,{times[1]},{probe},{number},{cell(quality or '')}\n")
    return "".join(lines).encode("utf-8")


def key_of(point: Point) -> Key:
    """What a reading's line says."""
    return _key(to_lines([point])) or ("", "", None, "")


def keys_of(text: bytes) -> list[Key]:
    """What the lines of a piece of a log say; lines that are no reading are left out."""
    return [key for line in text.split(b"\n") if (key := _key(line)) is not None]


def is_header(first_line: bytes) -> bool:
    """True for our header, also as Excel or an editor saved it again."""
    return first_line.removeprefix(BOM).strip().replace(b'"', b"") == HEADER.encode("ascii")


def is_torn(line: bytes, point: Point) -> bool:
    """True when `line`, which has no end, is the beginning of this reading's line, whatever the time zone was."""
    found, whole = line.split(b","), to_lines([point]).rstrip(b"\n").split(b",")
    last = len(found) - 1
    if last >= len(whole):
        return False
    same = all(found[at] == whole[at] for at in range(last) if at != 1)
    return same and (last == 1 or whole[last].startswith(found[last]))


def _key(line: bytes) -> Key | None:
    try:
        cells = next(csv.reader([line.decode("utf-8").strip()]), [])
        timestamp, _, probe_id, number, quality = cells
        return timestamp, probe_id, float(number) if number else None, quality
    except (ValueError, csv.Error):
        return None
