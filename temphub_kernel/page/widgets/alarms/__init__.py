"""What the page's widgets do about alarms: banner, answers, limits, the list and its choice, mutes, and who
is told."""

from .panel import AlarmPanel

__all__ = ["AlarmPanel"]
