"""What the endpoint asks of the rest of the hub. The hub fills it in; each call returns at once unless it says otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..base.sighting import Sighting
from ..trust import Trust


@dataclass(frozen=True)
class Desk:
    """The hub behind the endpoint.

    health: the hub's state for `/api/health`. met: a probe said hello. refused: a delivery from this address had no
    right token. provision(host, port, interval_ms): provision a probe now; may take seconds, so it is called in a
    thread; raises TempHubError. update(probe_id, sha256): tell a probe to fetch this hub's firmware, whose checksum is
    sha256(for a board?); identify(probe_id): have it blink; trust(probe_id, yes): say yes to a probe, or let it go; the same.
    register: whose key is whose.
    """

    health: Callable[[], dict[str, Any]]
    met: Callable[[Sighting], None]
    refused: Callable[[str], None]
    provision: Callable[[str, int, int | None], dict[str, Any]]
    update: Callable[[str, Callable[[bool], str]], dict[str, Any]]
    identify: Callable[[str], None]
    trust: Callable[[str, bool], None]
    register: Trust
