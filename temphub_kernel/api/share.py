"""Fair shares: while there is much to do, whoever takes far more than the others is slowed down. Endpoint thread only."""

from ..base.clock import monotonic_s
from ..base.errors import TempHubError, TooOften

# Below this many requests a second in all nobody is in anybody's way.
BUSY = 300
# What everybody may have, however many others there are.
FLOOR = 50
TIMES = 2.0
MOST_KEYS = 4096
PAUSE_S = 1.0
# A crowd that is refused in one moment would come back in one moment, and others would wait for all of its answers each time.
EACH_S = 1 / 400


class FairShare:
    """Counts by the second. A lone client may take all there is; one among many no more than twice an equal share.

    least: shares are made for as many clients at least once there are two. By it a client has to leave something to
    a single other one. alone: whether one that is the only one may take all there is.
    """

    def __init__(self, *, busy: int = BUSY, floor: int = FLOOR, least: int = 2, alone: bool = True) -> None:
        self._alone = alone
        self._least = least
        self._busy = busy
        self._floor = floor
        self._since_s = 0.0
        self._counts: dict[str, int] = {}
        self._total = 0
        self._before = 0
        self._answered_s = 0.0

    def over(self, key: str) -> bool:
        """Count one request of `key`; True when it takes more than its share."""
        now = monotonic_s()
        if now - self._since_s >= 1.0:
            # Who asks every two seconds counts as well: how many there were fades by a third a second.
            quiet = now - self._since_s > 10.0
            self._before = 0 if quiet else max(len(self._counts), self._before * 2 // 3)
            self._since_s, self._total, self._counts = now, 0, {}
        count = self._counts.get(key, 0) + 1
        if count == 1 and len(self._counts) >= MOST_KEYS:
            return True
        self._counts[key] = count
        self._total += 1
        if count <= self._floor or self._total <= self._busy:
            return False
        clients = max(len(self._counts), self._before)
        return (clients > 1 or not self._alone) and count > TIMES * self._total / max(clients, self._least)

    def wait_s(self) -> float:
        """How long a refusal is kept back, in seconds: one that asks in a row becomes slow by itself, and many are answered one by one."""
        now = monotonic_s()
        self._answered_s = max(now + PAUSE_S, self._answered_s + EACH_S)
        return self._answered_s - now


class TooManyRequests(TooOften):
    """Raised when somebody takes more than a fair share of a busy hub; answered after a pause."""

    code = "too_many_requests"


def too_much(who: str) -> TempHubError:
    """The refusal; nothing was taken, so a probe keeps its readings and sends them again."""
    return TooManyRequests(
        f"{who} sends so many requests that others would have to wait, so this one was not taken.",
        "Send again after a second, several readings in one batch.",
    )
