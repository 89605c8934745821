"""One kernel is the hub: the lock that decides it, what it starts and stops in order, and how others attach.

A page's kernel only attaches: what the hub itself needs is imported where it is started, not here.
"""

from .attach import Attached, provision, tell
from .lock import HubLock, is_running, read_info
from .start import start, stop

__all__ = ["Attached", "HubLock", "is_running", "provision", "read_info", "start", "stop", "tell"]
