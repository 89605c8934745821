"""Who failed at the login too often has to wait. Endpoint thread only; bounded, whoever tries."""

from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from ..base.clock import monotonic_s
from ..base.errors import TempHubError

FREE = 5
FIRST_S = 30.0
LONGEST_S = 900.0
# A day without a try is forgiven.
FORGOTTEN_S = 86_400.0
MOST = 1024


class _Tries(NamedTuple):
    failed: int
    until_s: float
    last_s: float


class Lockout:
    """Counts failures by address: after five, half a minute, then twice as long each time, a quarter of an hour at most."""

    def __init__(self, *, first_s: float = FIRST_S) -> None:
        self._first_s = first_s
        self._tries: dict[str, _Tries] = {}

    def begin(self, address: str) -> None:
        """Count a try as failed until `worked` says otherwise: many at once are no way round. Raises TempHubError (429)."""
        key, now = _place(address), monotonic_s()
        known = self._tries.pop(key, None)
        if known is None or now - known.last_s > FORGOTTEN_S:
            known = _Tries(0, 0.0, now)
        if known.until_s > now:
            self._tries[key] = known
            raise _locked(known.until_s - now)
        failed = known.failed + 1
        wait_s = 0.0 if failed < FREE else min(self._first_s * 2.0 ** min(failed - FREE, 20), LONGEST_S)
        self._tries[key] = _Tries(failed, now + wait_s, now)
        # The one that has not tried for longest makes room.
        while len(self._tries) > MOST:
            del self._tries[next(iter(self._tries))]

    def worked(self, address: str) -> None:
        """The password was right."""
        self._tries.pop(_place(address), None)


def _place(address: str) -> str:
    """The address; of IPv6 its network, because a single computer has any number of addresses in it."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is None:
        return str(IPv6Address(int(ip) >> 64 << 64))
    return str(ip)


def _locked(wait_s: float) -> TempHubError:
    return TempHubError(
        f"Too many wrong passwords came from this address, so it has to wait {wait_s:.0f} s.",
        f"Try again in {wait_s:.0f} s; the password is UI_PASSWORD in the hub's settings.",
        code="locked_out",
        status=429,
    )
