"""How long a batch was under way. Endpoint thread only.

A probe's ages are right when it sends. A batch that the network held back (a cable out, Wi-Fi gone, and TCP delivers
it a minute later) would be dated that much too late. A probe that says `sent_ms`, its own count of milliseconds, lets
the hub notice: what took longer than this probe's quickest batch was under way for the difference.
"""

from typing import NamedTuple

# A probe's crystal against the hub's clock: the quickest batch so far grows old at this rate.
DRIFT = 200e-6
# Below this it is ordinary network time, which `age_ms` was never meant to show.
ORDINARY_MS = 1_500
# TCP gives up long before; a larger jump means that the probe's count began anew.
LONGEST_MS = 3_600_000
MAX_BOOTS = 4096


class _Quickest(NamedTuple):
    offset_ms: float
    at_ms: float


class Transit:
    """Remembers each probe's quickest batch since its boot."""

    def __init__(self) -> None:
        self._quickest: dict[tuple[str, str], _Quickest] = {}

    def delay_ms(self, probe_id: str, boot: str, sent_ms: int, now_ms: float) -> int:
        """How long the batch was under way, 0 when that is ordinary. now_ms: a clock that never steps."""
        key, offset = (probe_id, boot), now_ms - sent_ms
        known = self._quickest.get(key)
        if known is not None:
            delay = offset - (known.offset_ms + (now_ms - known.at_ms) * DRIFT)
            if 0 < delay < LONGEST_MS:
                return round(delay) if delay > ORDINARY_MS else 0
            # Put at the end again: the first of the table is the one that has been silent for longest.
            del self._quickest[key]
        elif len(self._quickest) >= MAX_BOOTS:
            del self._quickest[next(iter(self._quickest))]
        self._quickest[key] = _Quickest(offset, now_ms)
        return 0
