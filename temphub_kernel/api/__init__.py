"""The endpoint: `/api/*` and `/metrics` answered in the hub kernel, every other path forwarded to the page.

Runs on a thread and event loop of its own, so that a cell that computes cannot stop a reading.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .hub_port import Desk
    from .server import Endpoint


__all__ = ["Desk", "Endpoint"]


def __getattr__(name: str) -> Any:
    """The endpoint is brought in when it is asked for: the page server takes its limits from this room, and nothing else."""
    if name not in __all__:
        raise AttributeError(name)
    from . import hub_port, server

    return getattr(hub_port if name == "Desk" else server, name)
