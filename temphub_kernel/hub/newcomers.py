"""Says which probes were found, each once at each address. Any thread."""

import logging
import threading

from ..base.logs import Budget
from ..base.sighting import Sighting

log = logging.getLogger(__name__)
# Anybody on the network can advertise any number of names.
MOST = 1024


class Newcomers:
    """Remembers where each probe was last said to be."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, int]] = {}
        self._budget = Budget()
        self._lock = threading.Lock()

    def met(self, sighting: Sighting) -> None:
        """A probe was met, by mDNS or by its own hello."""
        place = sighting.ip, sighting.port
        with self._lock:
            if self._said.pop(sighting.probe_id, None) == place:
                self._said[sighting.probe_id] = place
                return
            self._said[sighting.probe_id] = place
            while len(self._said) > MOST:
                del self._said[next(iter(self._said))]
            level = logging.INFO if self._budget.take(log) else logging.DEBUG
        virtual = " (virtual)" if sighting.model == "virtual" else ""
        host = f"[{sighting.ip}]" if ":" in sighting.ip else sighting.ip
        log.log(level, "found %s%s at %s:%d", sighting.probe_id, virtual, host, sighting.port)
