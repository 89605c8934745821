"""Whether anybody looks, and answering a front end that asks for its widgets. Kernel's own thread only.

Voilà runs the notebook in a kernel kept ready long before a visit; a page nobody sees must cost nothing, and
a page that opens must not begin with the values of an hour ago.
"""

import weakref
from collections.abc import Callable
from typing import Any

import comm
from ipywidgets import DOMWidget, Widget
from ipywidgets.widgets.widget import _remove_buffers

from . import sessions

CONTROL_TARGET = "jupyter.widget.control"

_arriving: "weakref.WeakSet[Presence]" = weakref.WeakSet()


class Presence:
    """Tells when a front end arrives (before it is sent the widgets' state) and how many views of `root`
    there are."""

    def __init__(self, root: DOMWidget, arrived: Callable[[], None], changed: Callable[[bool], None]) -> None:
        """arrived: called before a front end reads the state; changed(seen): the first view came or the last
        one went."""
        self._arrived = arrived
        self.visit = sessions.VISIT.get()
        # Widgets count their views in this trait once it is a number; front ends keep it, in Voilà as in
        # JupyterLab.
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
    """Have this kernel's widget control channel tell every Presence of a new front end. May be called
    again."""
    comm.get_comm_manager().register_target(CONTROL_TARGET, _opened)


def _opened(channel: Any, message: Any) -> None:
    visit = sessions.opened(channel)
    for presence in list(_arriving):
        if presence.visit == visit:
            presence.announce()
    if not visit:
        Widget.handle_control_comm_opened(channel, message)
        return
    # ipywidgets knows one front end a kernel, and tells it of every widget there is; here each is told of its
    # own.
    channel.on_msg(lambda asked: _tell_states(channel, visit, asked))


def _tell_states(channel: Any, visit: str, asked: Any) -> None:
    if asked["content"]["data"].get("method") != "request_states":
        return
    states = {
        id_: {
            "model_name": widget._model_name,
            "model_module": widget._model_module,
            "model_module_version": widget._model_module_version,
            "state": widget.get_state(drop_defaults=False),
        }
        for id_, widget in sessions.widgets(visit).items()
    }
    states, paths, buffers = _remove_buffers(states)
    channel.send({"method": "update_states", "states": states, "buffer_paths": paths}, buffers=buffers)
