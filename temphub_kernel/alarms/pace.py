"""How often something comes: told, and learned from what comes; and a clock that only goes as fast as
somebody looks at it. Pure."""

# A pause of more than so many of a probe's own intervals is a gap.
GAP_PACES = 3
# A probe whose interval nobody knows.
ASSUMED_INTERVAL_MS = 10_000
# Between two looks at the clock passes no more than this: what is beyond was a clock that was set, a computer
# that slept, a hub that was not there. It looks once a second.
LONGEST_LOOK_MS = 5_000


def next_pace(pace_ms: int, step_ms: int, least_ms: int) -> int:
    """The pace after one more step: slower quickly, faster slowly, so that neither one gap nor a few at once
    change much."""
    return max(min(max(step_ms, pace_ms - pace_ms // 8), 2 * pace_ms), least_ms)


class SteadyClock:
    """Milliseconds in which the hub was there and could have heard something."""

    def __init__(self) -> None:
        self.ms = 0
        self._now_ms = 0

    def look(self, now_ms: int) -> int:
        """What it shows when the hub's clock shows `now_ms`."""
        if self._now_ms:
            self.ms += min(max(now_ms - self._now_ms, 0), LONGEST_LOOK_MS)
        self._now_ms = now_ms
        return self.ms

    def state(self) -> list[int]:
        """As `restore` takes it."""
        return [self.ms, self._now_ms]

    def restore(self, state: list[int]) -> None:
        """Go on from there."""
        self.ms, self._now_ms = state
