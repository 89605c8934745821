"""What the endpoint asks of the rest of the hub. The hub fills it in; each call returns at once unless it says otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..alarms import Channels
from ..core import Sighting, TempHubError
from ..trust import Trust


@dataclass(frozen=True)
class Desk:
    """The hub behind the endpoint.

    health: the hub's state for `/api/health`. met: a probe said hello. refused(address, probe_id, error): a delivery was
    refused; probe_id is the name it gave, or empty. provision(host, port, interval_ms): provision that probe, or without a
    host every known one, now; what came of each; may take seconds, so it is called in a thread; raises TempHubError.
    update(probe_id, sha256): tell a probe to fetch this hub's firmware, whose checksum is sha256(for a board?);
    identify(probe_id): have it blink; trust(probe_id, yes): say yes to a probe, or let it go; the same.
    register: whose key is whose. channels: the ways out by which alarms are told.
    twins(probe_id, problem, remedy): two devices deliver under one id, or, with empty words, no more.
    """

    health: Callable[[], dict[str, Any]]
    met: Callable[[Sighting], None]
    refused: Callable[[str, str, TempHubError], None]
    provision: Callable[[str | None, int | None, int | None], list[dict[str, Any]]]
    update: Callable[[str, Callable[[bool], str]], dict[str, Any]]
    identify: Callable[[str], None]
    trust: Callable[[str, bool], None]
    register: Trust
    channels: Channels
    twins: Callable[[str, str, str], None] = lambda _id, _problem, _remedy: None
