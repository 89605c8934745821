"""Wrong passwords and tokens: how many an address may try, and how long it waits then. Endpoint thread only;
bounded."""

from collections import deque
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address
from typing import Any, NamedTuple

from ...core import TempHubError, TooOften, monotonic_s, real_address

FREE = 5
FIRST_S = 30.0
LONGEST_S = 900.0
# A day without a try is forgiven.
FORGOTTEN_S = 86_400.0
MOST_TRACKED = 1024
PASSWORD = "the password is UI_PASSWORD in the hub's settings."


class _Tries(NamedTuple):
    failed: int
    until_s: float
    last_s: float


class Lockout:
    """Counts failures by address: after five, half a minute, then twice as long each time, a quarter of an
    hour at most."""

    def __init__(
        self, *, first_s: float = FIRST_S, said: str = "wrong passwords", remedy: str = PASSWORD
    ) -> None:
        self._first_s = first_s
        self._words = said, remedy
        self._tries: dict[str, _Tries] = {}

    def begin(self, address: str) -> None:
        """Count a try as failed until `worked` says otherwise: many at once are no way round. Raises
        TempHubError (429)."""
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
        while len(self._tries) > MOST_TRACKED:
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


# So many probes behind one router may hold an old token when SERVER_TOKEN was changed.
FREE_DELIVERIES = 60
TURN_S = 0.5
LONGEST_TURN_S = 5.0
MOST_KNOWN = 4096
# The same text again is no further guess: a program with an old token does not lock its computer out.
REMEMBERED = 64
REMEDY = "the token is SERVER_TOKEN in the hub's settings."

Note = Callable[[str, str, str, dict[str, Any] | None], object]


class _Wrong(NamedTuple):
    texts: "deque[int]"
    deliveries: int
    next_s: float
    last_s: float


class Guesses:
    """What each address tried. note(what, address, by, details): a line in the log of changes."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._lockout = Lockout(said="wrong tokens", remedy=REMEDY)
        self._wrong: dict[str, _Wrong] = {}
        self._known: dict[tuple[str, str], None] = {}

    def check(self, address: str) -> None:
        """Raises TempHubError (429) while the address is locked out: its token is not looked at, right or
        wrong."""
        self._lockout.check(address)

    def missed(self, address: str, texts: Iterable[str]) -> None:
        """A person or program showed these, and none was right."""
        if self._new(address, texts):
            wait_s = self._lockout.failed(address)
            if wait_s:
                self._note("token locked out", address, "token", {"for_s": round(wait_s)})

    def suspects(self, address: str) -> bool:
        """Whether wrong tokens came from there at all."""
        return bool(self._wrong) and place_of(address) in self._wrong

    def turn_s(self, address: str, name: str) -> float:
        """How long a delivery under this name waits before its token is looked at. Raises TempHubError (429)
        when too many wait."""
        wrong = self._wrong.get(place_of(address)) if self._wrong else None
        if wrong is None or wrong.deliveries < FREE_DELIVERIES or (address, name) in self._known:
            return 0.0
        now = monotonic_s()
        at = max(now, wrong.next_s)
        if at - now > LONGEST_TURN_S:
            raise locked(LONGEST_TURN_S, "wrong tokens", REMEDY)
        self._wrong[place_of(address)] = wrong._replace(next_s=at + TURN_S)
        return at - now

    def delivered(self, address: str, name: str) -> None:
        """A delivery under this name showed a right token."""
        if (address, name) not in self._known:
            self._known[address, name] = None
            while len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]

    def misdelivered(self, address: str, texts: Iterable[str]) -> None:
        """A delivery showed these, and none was right."""
        if self._new(address, texts):
            place = place_of(address)
            wrong = self._wrong[place]
            self._wrong[place] = wrong._replace(deliveries=wrong.deliveries + 1)
            if wrong.deliveries + 1 == FREE_DELIVERIES:
                self._note("token locked out", address, "token", {"of": "deliveries"})

    def _new(self, address: str, texts: Iterable[str]) -> bool:
        """Whether one of them is another than those of late; the first of an address is noted."""
        place, now = place_of(address), monotonic_s()
        wrong = self._wrong.pop(place, None)
        if wrong is None or now - wrong.last_s > FORGOTTEN_S:
            wrong = _Wrong(deque(maxlen=REMEMBERED), 0, 0.0, now)
            self._note("token refused", address, "token", None)
        self._wrong[place] = wrong._replace(last_s=now)
        while len(self._wrong) > MOST_TRACKED:
            del self._wrong[next(iter(self._wrong))]
        new = [one for one in map(hash, texts) if one not in wrong.texts]
        wrong.texts.extend(new)
        return bool(new)
