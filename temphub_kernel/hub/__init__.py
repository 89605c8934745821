"""One kernel is the hub: the lock that decides it, what it starts and stops in order, and how others attach.

A page's kernel only attaches: what the hub itself needs is imported where it is started, not here.
"""

from .ask import PAGE, HubClient
from .attach import Attached
from .lock import HubLock, is_running, read_info
from .start import start, stop

__all__ = ["PAGE", "Attached", "HubClient", "HubLock", "is_running", "read_info", "start", "stop"]
