"""One kernel is the hub: the lock that decides it, what it starts and stops in order, and how others attach.

A page's kernel only attaches: what the hub itself needs is imported where it is started, not here.
"""

from .client import PAGE, HubClient
from .lock import LOCK_FILE, SERVER_LOCK, SERVICE_STOP_FILE, STOP_FILE, HubLock, is_running, read_info
from .start import ROLE, RUN_PLACE, TOLD, Attached, hub_runs, start, stop

__all__ = [
    "LOCK_FILE",
    "PAGE",
    "ROLE",
    "RUN_PLACE",
    "SERVER_LOCK",
    "SERVICE_STOP_FILE",
    "STOP_FILE",
    "TOLD",
    "Attached",
    "HubClient",
    "HubLock",
    "hub_runs",
    "is_running",
    "read_info",
    "start",
    "stop",
]
