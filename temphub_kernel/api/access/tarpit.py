"""Answers that come later to whoever is refused again and again, or asks for the same costly thing. Endpoint
thread only; bounded.

A refusal costs the hub as much as an answer, and whoever waits for it asks for nothing else on that
connection: a crowd that asks in a row, from however many addresses, becomes slow by itself. Deliveries have
shares of their own and never come here.
"""

from ...core import monotonic_s

# Of one address, beside one a second: a person who tries again, or a script with a mistake in it, notices
# nothing.
FREE = 10
HOLD_S = 1.0
# Held answers go out one by one: in one moment they would come back in one moment.
EACH_S = 1 / 50
# Less than clients wait. Who leaves before that has kept a place in line for nobody.
LONGEST_S = 10.0
MOST_TRACKED = 1024


class Line:
    """Answers that wait for their turn. least_s: each at least so long; each_s: between two of them."""

    def __init__(self, least_s: float, each_s: float) -> None:
        self._least_s = least_s
        self._each_s = each_s
        self._last_s = 0.0

    def wait_s(self) -> float:
        """How long the next answer waits, in seconds: LONGEST_S at most."""
        now = monotonic_s()
        self._last_s = min(max(now + self._least_s, self._last_s + self._each_s), now + LONGEST_S)
        return self._last_s - now


class Tarpit:
    """Counts by place: an address, or the network of an IPv6 address. Nothing is kept of what waits: its
    connection holds it.

    free: how many answers come at once, beside one a second; hold_s: how long the others wait at least.
    """

    def __init__(self, *, free: int = FREE, hold_s: float = HOLD_S) -> None:
        self._free = free
        self._line = Line(hold_s, EACH_S)
        # How many of late, of which one a second is forgotten; and when that was counted.
        self._counts: dict[str, tuple[float, float]] = {}

    def hold_s(self, place: str) -> float:
        """Count one answer to a place; how long to hold it, in seconds: 0 for the first few."""
        now = monotonic_s()
        count, since_s = self._counts.pop(place, (0.0, now))
        count = min(max(count - (now - since_s), 0.0) + 1.0, self._free + 2.0)
        self._counts[place] = count, now
        # The one that was not refused for longest makes room.
        while len(self._counts) > MOST_TRACKED:
            del self._counts[next(iter(self._counts))]
        return self._line.wait_s() if count > self._free else 0.0
