"""The time windows one can choose, and how finely each is drawn. Any thread; pure."""

from typing import NamedTuple

MINUTE_MS = 60_000


class Window(NamedTuple):
    """A window. bucket_ms: width of a drawn point, 0 draws every reading; so a line has about a thousand points at most."""

    key: str
    span_ms: int
    bucket_ms: int
    tick_ms: int

    @property
    def from_minutes(self) -> bool:
        """True when its readings come from the journal's minutes rather than one by one."""
        return self.bucket_ms >= MINUTE_MS


WINDOWS = (
    Window("5min", 5 * MINUTE_MS, 0, MINUTE_MS),
    Window("1h", 60 * MINUTE_MS, 5_000, 10 * MINUTE_MS),
    Window("24h", 24 * 60 * MINUTE_MS, 2 * MINUTE_MS, 4 * 60 * MINUTE_MS),
)
BY_KEY = {window.key: window for window in WINDOWS}
