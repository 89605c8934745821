"""Which advert stands for which probe. Used by the discovery thread only; bounded."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..core import Once, Sighting, TempHubError

log = logging.getLogger(__name__)

# Beyond any plant; a device that floods the network with names must not fill the memory.
MOST = 16_384
AT_ONCE = 64


@dataclass
class Entry:
    """One advert. order: rises with each advert that appears; misses: questions in a row that nobody
    answered."""

    instance: str
    order: int
    sighting: Sighting | None = None
    misses: int = 0


class Roster:
    """Adverts by instance name, probes by id; says each probe's newest sighting, and when it is gone,
    once."""

    def __init__(self, on_sighting: Callable[[Sighting], None], on_gone: Callable[[str], None]) -> None:
        self.entries: dict[str, Entry] = {}
        self.said: dict[str, Sighting] = {}
        self._on_sighting = on_sighting
        self._on_gone = on_gone
        self._away: dict[str, None] = {}
        self._order = 0
        # What a probe's adverts are, by its id.
        self._of: dict[str, dict[str, Entry]] = {}
        self._once = Once(log)

    def enter(self, instance: str) -> Entry | None:
        """The entry of an advert, made when new; None when the roster is full."""
        entry = self.entries.get(instance)
        if entry is None:
            if len(self.entries) >= MOST and not self._made_room():
                text = (
                    f"More than {MOST} probes are advertised on the network; further ones are not taken "
                    "up. Check who sends them."
                )
                self._once.warn("full", text)
                self._away.pop(instance, None)
                self._away[instance] = None
                if len(self._away) > MOST:
                    del self._away[next(iter(self._away))]
                return None
            self._order += 1
            entry = self.entries[instance] = Entry(instance, self._order)
        return entry

    def turned_away(self) -> list[str]:
        """Some that were turned away while the roster was full, the last ones first: they may enter now, if
        there is room."""
        again = list(reversed(self._away))[:AT_ONCE]
        for instance in again:
            del self._away[instance]
        return again

    def _made_room(self) -> bool:
        """Give up the advert that was asked for in vain most often: a flood of names whose senders are gone
        must not hide a real probe."""
        dead = max(
            (entry for entry in self.entries.values() if not entry.sighting),
            key=lambda entry: entry.misses,
            default=None,
        )
        if dead is None or not dead.misses:
            return False
        del self.entries[dead.instance]
        return True

    def saw(self, entry: Entry, sighting: Sighting) -> None:
        """The advert was resolved."""
        entry.misses = 0
        self._once.clear(entry.instance)
        self._change(entry, sighting)

    def refuse(self, entry: Entry, error: TempHubError) -> None:
        """The advert cannot be a probe: warned once, and what it stood for is gone."""
        entry.misses = 0
        self._once.warn(entry.instance, str(error))
        self._change(entry, None)

    def lost(self, entry: Entry) -> None:
        """Nobody answers for the advert any more; it may come back."""
        self._change(entry, None)

    def removed(self, instance: str) -> None:
        """The advert said goodbye or expired."""
        entry = self.entries.pop(instance, None)
        if entry is not None:
            self._change(entry, None)

    def forget_adverts(self) -> None:
        """A new network: all adverts are asked for again, what was said still stands until `settle_all`."""
        self.entries.clear()
        self._of.clear()

    def settle_all(self) -> None:
        """Probes that no advert stands for any more are gone."""
        for probe_id in list(self.said):
            self._settle(probe_id)

    def _change(self, entry: Entry, sighting: Sighting | None) -> None:
        before, entry.sighting = entry.sighting, sighting
        if before is not None:
            self._of.get(before.probe_id, {}).pop(entry.instance, None)
        if sighting is not None and self.entries.get(entry.instance) is entry:
            self._of.setdefault(sighting.probe_id, {})[entry.instance] = entry
        for probe_id in {one.probe_id for one in (before, sighting) if one is not None}:
            self._settle(probe_id)

    def _settle(self, probe_id: str) -> None:
        live = [
            (entry.order, entry.sighting) for entry in self._of.get(probe_id, {}).values() if entry.sighting
        ]
        if not live:
            self._of.pop(probe_id, None)
            if self.said.pop(probe_id, None) is not None:
                self._on_gone(probe_id)
            return
        newest = max(live)[1]
        places = sorted({f"{one.ip}:{one.port}" for _, one in live})
        if len(places) > 1:
            self._once.warn(
                f"two {probe_id}",
                f"Two devices call themselves {probe_id} ({' and '.join(places)}); the newest one, "
                f"{newest.ip}:{newest.port}, is used. "
                "Give one of them another id, or their readings get mixed up.",
            )
        if self.said.get(probe_id) != newest:
            self.said[probe_id] = newest
            self._on_sighting(newest)
