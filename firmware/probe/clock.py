"""Milliseconds since start, from ticks that wrap. The only place in probe/ that asks the time."""

try:
    from time import ticks_diff, ticks_ms
except ImportError:
    # CPython has no ticks; the same 30-bit wrap as on the board keeps one code path.
    from time import monotonic

    _HALF = 1 << 29

    def ticks_ms():
        """Milliseconds from an unknown start, wrapping at 2**30."""
        return int(monotonic() * 1000) & (2 * _HALF - 1)

    def ticks_diff(later, earlier):
        """Signed distance in ms between two ticks at most 6 days apart."""
        return ((later - earlier + _HALF) & (2 * _HALF - 1)) - _HALF


class Clock:
    """`now()` = ms since this object was made; never wraps. Must be asked at least every 6 days, which
    sampling does."""

    def __init__(self, ticks=ticks_ms, diff=ticks_diff):
        self._ticks = ticks
        self._diff = diff
        self._last = ticks()
        # What `now()` said last.
        self.said = 0
        # Wall time of this start in ms since 1970; 0 until a hub told it.
        self.anchor = 0

    def now(self):
        """Milliseconds since start as a growing whole number."""
        ticks = self._ticks()
        self.said += max(0, self._diff(ticks, self._last))
        self._last = ticks
        return self.said

    def learn(self, text):
        """Take the wall time out of a hub's reply, such as 2026-03-01T12:00:00.250Z; anything else is passed
        over."""
        wall_ms = parse_utc(text)
        if wall_ms:
            self.anchor = max(1, wall_ms - self.now())


def parse_utc(text):
    """Milliseconds since 1970 of an ISO 8601 time in UTC with a Z; None when it is not that."""
    if not isinstance(text, str) or len(text) < 20 or text[-1] != "Z" or text[10] != "T":
        return None
    try:
        year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
        hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
        ms = int((text[20:-1] + "000")[:3])
    except ValueError:
        return None
    # Counted from a 1st of March, so that the day of a leap year is the last one; 719468 days lie between
    # that year 0 and 1970.
    year -= month <= 2
    days = (
        365 * year
        + year // 4
        - year // 100
        + year // 400
        + (153 * ((month + 9) % 12) + 2) // 5
        + day
        - 1
        - 719468
    )
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms
