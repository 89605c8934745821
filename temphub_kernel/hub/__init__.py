"""One kernel is the hub: the lock that decides it, what it starts and stops in order, and how others attach.

A page's kernel only attaches: what the hub itself needs is imported where it is started, not here.
"""

from .client import PAGE, HubClient
from .lock import HubLock, is_running, read_info
from .start import Attached, start, stop

__all__ = ["PAGE", "Attached", "HubClient", "HubLock", "is_running", "read_info", "start", "stop"]
