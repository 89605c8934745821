"""Wrong tokens are counted by address, because what they would open is what the password opens. Endpoint thread only; bounded.

People and programs that guess are locked out. Deliveries are not: a probe behind the same router as somebody who guesses, or one
that still holds the token of yesterday, must go on. Of an address that sent many different wrong ones, those whose probe has not
delivered from there yet wait for their turn.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..base.clock import monotonic_s
from .lockout import FORGOTTEN_S, MOST, Lockout, locked, place_of

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
        """Raises TempHubError (429) while the address is locked out: its token is not looked at, right or wrong."""
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
        """How long a delivery under this name waits before its token is looked at. Raises TempHubError (429) when too many wait."""
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
        while len(self._wrong) > MOST:
            del self._wrong[next(iter(self._wrong))]
        new = [one for one in map(hash, texts) if one not in wrong.texts]
        wrong.texts.extend(new)
        return bool(new)
