"""Who failed at the login, or with a token, too often has to wait. Endpoint thread only; bounded, whoever tries."""

from ipaddress import IPv6Address
from typing import NamedTuple

from ..base.clock import monotonic_s
from ..base.errors import TempHubError, TooOften
from ..base.ip import real_address

FREE = 5
FIRST_S = 30.0
LONGEST_S = 900.0
# A day without a try is forgiven.
FORGOTTEN_S = 86_400.0
MOST = 1024
PASSWORD = "the password is UI_PASSWORD in the hub's settings."


class _Tries(NamedTuple):
    failed: int
    until_s: float
    last_s: float


class Lockout:
    """Counts failures by address: after five, half a minute, then twice as long each time, a quarter of an hour at most."""

    def __init__(self, *, first_s: float = FIRST_S, said: str = "wrong passwords", remedy: str = PASSWORD) -> None:
        self._first_s = first_s
        self._words = said, remedy
        self._tries: dict[str, _Tries] = {}

    def begin(self, address: str) -> None:
        """Count a try as failed until `worked` says otherwise: many at once are no way round. Raises TempHubError (429)."""
        self.check(address)
        self.failed(address)

    def check(self, address: str) -> None:
        """Raises TempHubError (429) while the address has to wait."""
        known = self._tries.get(place_of(address))
        left_s = known.until_s - monotonic_s() if known else 0.0
        if left_s > 0:
            raise locked(left_s, *self._words)

    def failed(self, address: str) -> float:
        """Count one failure; how long the address has to wait for it, in seconds."""
        key, now = place_of(address), monotonic_s()
        known = self._tries.pop(key, None)
        if known is None or now - known.last_s > FORGOTTEN_S:
            known = _Tries(0, 0.0, now)
        failed = known.failed + 1
        wait_s = 0.0 if failed < FREE else min(self._first_s * 2.0 ** min(failed - FREE, 20), LONGEST_S)
        self._tries[key] = _Tries(failed, now + wait_s, now)
        # The one that has not tried for longest makes room.
        while len(self._tries) > MOST:
            del self._tries[next(iter(self._tries))]
        return wait_s

    def worked(self, address: str) -> None:
        """The password was right."""
        self._tries.pop(place_of(address), None)


def place_of(address: str) -> str:
    """The address; of IPv6 its network, because a single computer has any number of addresses in it."""
    try:
        ip = real_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(IPv6Address(int(ip) >> 64 << 64))
    return str(ip)


def locked(wait_s: float, said: str, remedy: str) -> TempHubError:
    """The refusal; said: of what too many came; remedy: ends the way out."""
    return TooOften(
        f"Too many {said} came from this address, so it has to wait {wait_s:.0f} s.",
        f"Try again in {wait_s:.0f} s; {remedy}",
        code="locked_out",
    )
