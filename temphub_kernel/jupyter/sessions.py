"""Visits: pages that share one kernel, each with its own widgets. Kernel's own thread only.

To whom a message or a cell belongs is in `VISIT`, which the kernel sets; what a visit's cell starts inherits
it. A comm that is made for a visit begins with the visit's mark, and so does its topic: a page subscribes to
its own and the kernel sends it nothing else. In a kernel of one's own (JupyterLab, a script) `VISIT` is empty
and all is as Jupyter has it.
"""

import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import comm

if TYPE_CHECKING:
    from ipywidgets import Widget


log = logging.getLogger(__name__)

VISIT: ContextVar[str] = ContextVar("temphub_visit", default="")

# The visit's comms would be told apart by the whole id as well; every widget names others by theirs, so it
# stays short.
MARK = 8
# A page opens one each time that it comes back, and closes it when it has been told.
MOST_CHANNELS = 8


class Page(Protocol):
    """What a visit holds: a dashboard."""

    def choose(self, query: str, zone: str = "", language: str = "") -> None:
        """Take over what the page's address asks for."""

    def still(self) -> str:
        """The page now, as HTML."""

    def stop(self) -> None:
        """End its loop and threads."""


_pages: dict[str, list[Page]] = {}
_channels: dict[str, list[Any]] = {}


def mark(visit: str) -> str:
    """What the ids of a visit's comms begin with."""
    return visit[:MARK]


def topic(visit: str) -> bytes:
    """What a visit's page has to subscribe to."""
    return f"comm-{mark(visit)}".encode("ascii")


def state_topic(visit: str) -> bytes:
    """Where the kernel says that it is busy with what a visit asked for, and has done it: to nobody else."""
    return topic(visit) + b"-status"


def share() -> None:
    """Have this kernel make each visit's comms under its mark. Called once, by the kernel."""
    plain = comm.create_comm

    def create(*args: Any, **kwargs: Any) -> Any:
        if (visit := VISIT.get()) and not kwargs.get("comm_id"):
            kwargs["comm_id"] = mark(visit) + uuid4().hex
        return plain(*args, **kwargs)

    comm.create_comm = create


def joined(page: Page) -> str:
    """A page was made: it is ended with its visit. Gives the visit, empty when the kernel serves nobody
    else."""
    visit = VISIT.get()
    if visit:
        _pages.setdefault(visit, []).append(page)
    return visit


def first_view(visit: str, query: str, zone: str, language: str) -> str:
    """What a browser can show before it has loaded a widget; empty for a visit without a dashboard."""
    found = _pages.get(visit, [])
    # What is made for the visit from here on is the visit's, as in its cells.
    belongs = VISIT.set(visit)
    try:
        for page in found:
            page.choose(query, zone, language)
        return "".join(page.still() for page in found)
    finally:
        VISIT.reset(belongs)


def opened(channel: Any) -> str:
    """A front end opened a channel of its own naming: its answers go where the visit's page listens. Gives
    the visit."""
    visit = VISIT.get()
    if visit:
        channel.topic = topic(visit) + b"-control"
        _channels.setdefault(visit, []).append(channel)
    return visit


def may(visit: str, kind: str, comm_id: object) -> bool:
    """Whether a visit's page may say this to a comm: to one of its own, or open one of the few that it opens
    by itself."""
    if not visit:
        return True
    known = comm.get_comm_manager().comms
    if not isinstance(comm_id, str) or (comm_id in known) == (kind == "comm_open"):
        return False
    # Those that the page closed are no more.
    ours = _channels[visit] = [channel for channel in _channels.get(visit, []) if channel.comm_id in known]
    if kind == "comm_open":
        return len(ours) < MOST_CHANNELS
    return comm_id.startswith(mark(visit)) or any(channel.comm_id == comm_id for channel in ours)


def widgets(visit: str) -> "dict[str, Widget]":
    """A visit's widgets by id; every widget of the kernel for an empty visit."""
    # Only here: the page server knows of visits and has no widgets.
    from ipywidgets import Widget

    return {id_: widget for id_, widget in list(Widget.widgets.items()) if id_.startswith(mark(visit))}


def known() -> set[str]:
    """The visits of which anything is kept."""
    return {*_pages, *_channels}


def end(*over: str) -> None:
    """These visits are over: nothing of them is kept, but what they left in circles until garbage is looked
    for. Twice is once."""
    for visit in over:
        _end(visit)


def _end(visit: str) -> None:
    for page in _pages.pop(visit, []):
        try:
            page.stop()
        # One page that does not end well must not keep the rest of the visit alive.
        except Exception:
            log.exception("a page did not end cleanly")
    # Empty, it would mean every widget there is.
    if not visit:
        return
    for widget in widgets(visit).values():
        widget.close()
    for channel in _channels.pop(visit, []):
        channel.close()
