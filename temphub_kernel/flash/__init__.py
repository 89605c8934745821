"""Putting MicroPython and the probe's firmware on a board over USB: `temphub flash`. The only room that talks
to serial ports."""

from .files import settings
from .flash import Flash, Wanted
from .tools import listing, no_board

__all__ = ["Flash", "Wanted", "listing", "no_board", "settings"]
