"""The time a chart shows: the last so-and-so long, or from here to there; and how finely it is drawn. Any thread; pure."""

from typing import NamedTuple

from ..base.clock import DAY_MS, HOUR_MS, MINUTE_MS
from ..base.lengths import length_ms, length_text

SHORTEST_MS = 10_000
LONGEST_MS = 5 * 366 * DAY_MS
MOST_POINTS = 1000
# Up to here every reading of every probe is at hand; beyond, the journal's minutes are.
POINTS_UP_TO_MS = 2 * HOUR_MS
# Widths that a clock has: 1 s … 1 week.
WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800)
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
        wanted = next((width for width in WIDTHS_S if width >= finest_s and width * 1000 * MOST_POINTS >= self.span_ms), WIDTHS_S[-1])
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
    """A window that stands still, brought within what can be shown: 10 s to 5 years, and no further than now."""
    span_ms = round(min(max(to_ms - from_ms, SHORTEST_MS), LONGEST_MS))
    # What was asked for too short is widened about its middle.
    end_ms = round((from_ms + to_ms) / 2 + span_ms / 2) if to_ms - from_ms < SHORTEST_MS else round(to_ms)
    return Window(span_ms, max(min(end_ms, now_ms), span_ms))


CHIPS = tuple(Window(span) for span in (5 * MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 365 * DAY_MS, 5 * 365 * DAY_MS))
BY_KEY = {window.key: window for window in CHIPS}
