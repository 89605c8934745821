"""Whether anybody looks. Kernel's own thread only.

Voilà runs the notebook in a kernel kept ready long before a visit; a page nobody sees must cost nothing, and a page that
opens must not begin with the values of an hour ago.
"""

import weakref
from collections.abc import Callable
from typing import Any

import comm
from ipywidgets import DOMWidget, Widget

CONTROL_TARGET = "jupyter.widget.control"

_arriving: "weakref.WeakSet[Presence]" = weakref.WeakSet()


class Presence:
    """Tells when a front end arrives (before it is sent the widgets' state) and how many views of `root` there are."""

    def __init__(self, root: DOMWidget, arrived: Callable[[], None], changed: Callable[[bool], None]) -> None:
        """arrived: called before a front end reads the state; changed(seen): the first view came or the last one went."""
        self._arrived = arrived
        # Widgets count their views in this trait once it is a number; front ends keep it, in Voilà as in JupyterLab.
        root._view_count = 0
        root.observe(lambda change: changed(bool(change["new"])), "_view_count")
        _arriving.add(self)

    def announce(self) -> None:
        """A front end is about to read the state."""
        self._arrived()

    def end(self) -> None:
        """No more calls."""
        _arriving.discard(self)


def watch_arrivals() -> None:
    """Have this kernel's widget control channel tell every Presence of a new front end. May be called again."""
    comm.get_comm_manager().register_target(CONTROL_TARGET, _opened)


def _opened(channel: Any, message: Any) -> None:
    for presence in list(_arriving):
        presence.announce()
    Widget.handle_control_comm_opened(channel, message)
