"""One kernel is the hub: the lock that decides it, what it starts and stops in order, and how others attach."""

from .attach import Attached, provision
from .lock import HubLock, read_info
from .running import RunningHub
from .start import start

__all__ = ["Attached", "HubLock", "RunningHub", "provision", "read_info", "start"]
