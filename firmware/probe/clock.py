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
    """`now()` = ms since this object was made; never wraps. Must be asked at least every 6 days, which sampling does."""

    def __init__(self, ticks=ticks_ms, diff=ticks_diff):
        self._ticks = ticks
        self._diff = diff
        self._last = ticks()
        self._total = 0

    def now(self):
        """Milliseconds since start as a growing whole number."""
        ticks = self._ticks()
        self._total += max(0, self._diff(ticks, self._last))
        self._last = ticks
        return self._total
