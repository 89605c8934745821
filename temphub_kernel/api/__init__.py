"""The endpoint: `/api/*` and `/metrics` answered in the hub kernel, every other path forwarded to the page.

Runs on a thread and event loop of its own, so that a cell that computes cannot stop a reading.
"""

from .desk import Desk
from .server import Endpoint

__all__ = ["Desk", "Endpoint"]
