"""Deliveries that the hub refuses, as a state of the probe: whoever looks at it sees that nothing of it is
stored, and what to do.

`note` is called in the endpoint's thread for each refusal and returns at once; `settle` in one other thread,
now and then.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import Once, TempHubError, iso_utc, now_ms
from ..journal import ProbeBook, Reader

log = logging.getLogger(__name__)
# One refusal is an accident, or the moment before a new token reaches the probe.
LEAST = 3
# A device that makes up names or addresses must not fill the memory.
MOST = 200


@dataclass
class _Refusal:
    address: str
    problem: str
    remedy: str
    first_ms: int
    last_ms: int
    times: int = 1


class Refusals:
    """By probe where it is known which one delivers, else by address."""

    def __init__(self, journal: Path, book: ProbeBook) -> None:
        self._journal = journal
        self._book = book
        self._lock = threading.Lock()
        self._probes: dict[str, _Refusal] = {}
        self._strangers: dict[str, _Refusal] = {}
        self._once = Once(log)

    def note(self, address: str, probe_id: str, error: TempHubError) -> list[str]:
        """A delivery was refused; the probes that it may be from. probe_id: the name it gave, which anybody
        can give; or empty."""
        here = self._book.at(address)
        # A name counts at its own address only: else a stranger could have any probe called refused.
        probes = [probe_id] if probe_id in here else here
        with self._lock:
            if probes:
                for one in probes:
                    _count(self._probes, one, address, error)
            else:
                _count(self._strangers, address, address, error)
        return probes

    def settle(self) -> None:
        """Tell what lasts, take back what is over."""
        with self._lock:
            probes, strangers = dict(self._probes), dict(self._strangers)
        if probes:
            self._settle_probes(probes)
        for address, refusal in strangers.items():
            if refusal.times >= LEAST:
                text = (
                    f"The device at {address} delivers readings that are refused: {refusal.problem} "
                    f"{refusal.remedy}"
                )
                self._once.warn(address, text)

    def devices(self) -> list[Mapping[str, Any]]:
        """Devices that deliver in vain and are no known probes: for health and doctor, the latest last, at
        most 20."""
        with self._lock:
            lasting = [one for one in self._strangers.values() if one.times >= LEAST]
        lasting.sort(key=lambda one: one.last_ms)
        return [
            {
                "address": one.address,
                "times": one.times,
                "last": iso_utc(one.last_ms),
                "problem": one.problem,
                "remedy": one.remedy,
            }
            for one in lasting[-20:]
        ]

    def probes(self) -> list[str]:
        """Known probes whose deliveries are refused: whatever the journal has of them is from before."""
        with self._lock:
            return sorted(probe_id for probe_id, one in self._probes.items() if one.times >= LEAST)

    def _settle_probes(self, probes: Mapping[str, _Refusal]) -> None:
        with Reader(self._journal) as reader:
            stored = {one.probe_id: one.delivered_ms for one in reader.newest(own=True)}
        for probe_id, refusal in probes.items():
            if stored.get(probe_id, 0) > refusal.first_ms:
                with self._lock:
                    self._probes.pop(probe_id, None)
                self._book.accepted(probe_id)
                self._once.clear(probe_id, f"readings of the probe {probe_id} are stored again")
            elif refusal.times >= LEAST:
                problem = (
                    f"What the probe {probe_id} delivers is refused, and nothing of it is stored: "
                    f"{refusal.problem}"
                )
                self._once.warn(probe_id, f"{problem} {refusal.remedy}")
                self._book.refused(probe_id, problem, refusal.remedy)


def _count(kept: dict[str, _Refusal], key: str, address: str, error: TempHubError) -> None:
    now = now_ms()
    refusal = kept.get(key)
    if refusal is None:
        while len(kept) >= MOST:
            kept.pop(next(iter(kept)))
        kept[key] = _Refusal(address, error.problem, error.remedy, now, now)
        return
    refusal.times += 1
    refusal.last_ms, refusal.problem, refusal.remedy = now, error.problem, error.remedy
