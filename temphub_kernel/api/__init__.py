"""The endpoint: `/api/*` and `/metrics` answered in the hub kernel, every other path forwarded to the page.

Runs on a thread and event loop of its own, so that a cell that computes cannot stop a reading. The page
server takes its limits from this room, and loads nothing else of it.
"""

from typing import TYPE_CHECKING

from ..core import door

NAMES = {
    "base": "Desk",
    "replies": "PAGE_BODY Limited",
    "server": "Endpoint",
}

if TYPE_CHECKING:
    from .base import *
    from .replies import *
    from .server import *
else:
    __getattr__ = door(__name__, NAMES)
