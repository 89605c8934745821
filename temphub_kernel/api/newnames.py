"""How many names that nobody has heard of a hub takes up: each stays in the journal for good. Endpoint thread only.

Where no token is needed anybody can deliver under any name. A house or a hall has hundreds of probes, all of them new on the first day;
tens of thousands of names in a minute are somebody's program gone wrong, or worse. Known names are never concerned.
"""

import logging

from ..base.clock import monotonic_s
from ..base.errors import TempHubError, TooOften
from ..base.logs import Once
from ..journal import Reader
from .lockout import MOST, place_of

FREE_EACH = 500
FREE = 2000
# One more name each time: more than anybody unpacks and plugs in.
EVERY_S = 10.0
# How long a person's word that more will come holds.
EXPECTED_S = 3600.0

log = logging.getLogger(__name__)
FULL = "More probes came that this hub had never heard of than are taken at once; of the others one is taken every ten seconds."
REMEDY = (
    "If they are yours, run `temphub probes --expect 1000` with as many as will come, or set SERVER_TOKEN: who shows it is taken at once."
)


class NewNames:
    """Counts new names, by address and in all. free_each, free: at once; then one every `every_s` for an address, and for the hub."""

    def __init__(self, *, free_each: int = FREE_EACH, free: int = FREE, every_s: float = EVERY_S) -> None:
        self._each, self._all, self._every_s = free_each * every_s, free * every_s, every_s
        self._known: set[str] = set()
        # Of each address, and of all: until when its names are paid for.
        self._paid_s: dict[str, float] = {}
        self._all_paid_s = 0.0
        self._expected, self._expected_till_s = 0, 0.0
        self._once = Once(log)

    def recall(self, reader: Reader) -> None:
        """The names in the journal, those that a person removed or merged as well."""
        self._known.update(id_ for probe in reader.probes(removed=True) for id_ in (probe["id"], *probe["also"]))

    def expect(self, count: int) -> None:
        """A person says that so many new probes will come within the hour: they are taken at once."""
        self._expected, self._expected_till_s = count, monotonic_s() + EXPECTED_S
        self._once.clear("full", "new probes are expected and taken at once")

    def admit(self, name: str, address: str) -> None:
        """Raises TempHubError (429) for a new name where there were too many; nothing of it is kept then."""
        if name in self._known:
            return
        now, place = monotonic_s(), place_of(address)
        if self._expected and now < self._expected_till_s:
            self._expected -= 1
            self._known.add(name)
            return
        each, everybody = max(self._paid_s.pop(place, 0.0), now), max(self._all_paid_s, now)
        full = each + self._every_s > now + self._each or everybody + self._every_s > now + self._all
        self._paid_s[place] = each if full else each + self._every_s
        while len(self._paid_s) > MOST:
            del self._paid_s[next(iter(self._paid_s))]
        if full:
            self._once.warn("full", f"{FULL} {REMEDY}")
            raise _too_many(address)
        self._all_paid_s = everybody + self._every_s
        self._known.add(name)


class TooManyNew(TooOften):
    """Raised when a name nobody has heard of comes after too many such; answered after a pause."""

    code = "too_many_new"


def _too_many(address: str) -> TempHubError:
    return TooManyNew(
        f"So many probes that this hub had never heard of came at once (the last from {address}) that no further name is taken now.",
        f"Send again: one more is taken every {EVERY_S:.0f} s. {REMEDY}",
    )
