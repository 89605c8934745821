"""Probe ids that delivered once or a few times and have not come back: folded away on the page, removed in one go. Any thread; pure.

A probe here is a mapping as `journal.reader.PROBE_FIELDS` names its fields, and "trust", how it and the hub stand to each other.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from .clock import HOUR_MS, MINUTE_MS
from .naming import Probe

# Who delivered so often is there to stay, however long it has been silent: that it is silent must be seen.
ENOUGH_READINGS = 10
QUIET_MS = HOUR_MS
# A slow probe is given so many of its own intervals.
MISSED = 10
# Nobody unpacks so many new probes without a name at once; then a new id has to come twice to be shown, and is given a minute.
CROWD = 200
CROWD_QUIET_MS = MINUTE_MS


class Delivered(Protocol):
    """What is known of a probe's readings: how many, and when the last one came in."""

    @property
    def readings(self) -> int: ...
    @property
    def delivered_ms(self) -> int: ...


def transient(probes: Iterable[Probe], delivered: Mapping[str, Delivered], now_ms: int) -> set[str]:
    """The ids that nobody named, that hold no key, that no advert stands for, with fewer than ten readings and silent for an hour
    (and ten of their own intervals). Among more than 200 of such a minute is enough, who came once is not waited for, and an advert
    says nothing: anybody on the network can send thousands."""
    strangers = [probe for probe in probes if _unknown(probe, delivered.get(str(probe["id"])))]
    crowd = len(strangers) > CROWD
    return {str(probe["id"]) for probe in strangers if _gone(probe, delivered.get(str(probe["id"])), now_ms, crowd=crowd)}


def _unknown(probe: Probe, known: Delivered | None) -> bool:
    """Nobody spoke for it: no person, no key, no device that answered."""
    by_hand = any(probe.get(name) for name in ("alias", "group", "note", "place", "hidden", "also"))
    answered = probe.get("provisioned_ms") or probe.get("trust") not in (None, "plain")
    return not by_hand and not answered and (known is None or known.readings < ENOUGH_READINGS)


def _gone(probe: Probe, known: Delivered | None, now_ms: int, *, crowd: bool) -> bool:
    readings = known.readings if known is not None else 0
    if crowd and readings < 2:
        return True
    if not crowd and probe.get("present") and probe.get("via") == "mdns":
        return False
    # One that is refused is there, and what is wrong with it has to be seen.
    if probe.get("problem") and not crowd:
        return False
    first_ms, delivered_ms = int(probe.get("first_ms") or 0), known.delivered_ms if known is not None else 0
    pace_ms = (delivered_ms - first_ms) // (readings - 1) if readings > 1 else 0
    quiet_ms = max(CROWD_QUIET_MS if crowd else QUIET_MS, MISSED * pace_ms)
    return now_ms - max(delivered_ms, int(probe.get("seen_ms") or 0), first_ms) > quiet_ms
