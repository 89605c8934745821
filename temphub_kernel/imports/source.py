"""What every kind of file gives: readings piece by piece, and what has to be said of them. Any thread."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ..core import TempHubError
from ..journal import Ints


@dataclass(frozen=True)
class Said:
    """What a person says of the files; empty for what the files are to tell themselves.

    unit: C, F or K; zone: of times without one; day_first: of dates such as 01/02/2024; probes: `SERIES=ID`,
    or an ID alone for a file of one series; columns: those with temperatures; statistics: whether hourly
    means of Home Assistant stand in for readings that it has dropped.
    """

    unit: str = ""
    zone: str = ""
    day_first: bool | None = None
    decimal: str = ""
    probes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    time_column: str = ""
    name_column: str = ""
    sheet: str = ""
    statistics: bool = True


class Piece(NamedTuple):
    """Some readings, columns of one length. names: of the series at each place in `series`; units: 1e-7 °C,
    NO_VALUE where there is none; quality: place in QUALITY."""

    names: list[str]
    series: Ints
    taken_ms: Ints
    units: Ints
    quality: Ints


@dataclass
class Counts:
    """What was met on the way. left_out: why readings were left out, and how many; examples: of each."""

    lines: int = 0
    share: float = 0.0
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)

    def leave_out(self, why: str, count: int, example: object = "") -> None:
        """So many readings are left out."""
        if count:
            self.left_out[why] += count
            self.examples.setdefault(why, str(example)[:60])


class Source(Protocol):
    """A file that was recognised.

    form: what it is, for people; facts: (what, how it is read) for the preview; open: what somebody has to
    say before it can be read, as sentences that name the option; names: the series, as far as its beginning
    shows; titles: what people call a series, where that differs.
    """

    form: str
    facts: list[tuple[str, str]]
    open: list[str]
    names: list[str]
    titles: dict[str, str]

    def pieces(self, counts: Counts) -> Iterator[Piece]:
        """All readings, in the order of the file; what makes no sense is counted. Raises TempHubError,
        OSError."""


class NotRead(TempHubError):
    """Raised when a file is none that can be imported, or not as it is."""

    code = "not_imported"
