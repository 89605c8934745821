"""The page: cards, live chart, statistics, list of probes. The only room with ipywidgets and bqplot.

Reads the journal, or the engine of all places, and nothing else; what it needs of the hub is passed in.
Kernel's own thread only.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dashboard import Dashboard, build
    from .pieces import check_shown_here, chosen, ids_of, places_of


__all__ = ["Dashboard", "build", "check_shown_here", "chosen", "ids_of", "places_of"]


def __getattr__(name: str) -> Any:
    """What makes widgets is brought in when it is asked for: the page server needs only to know of visits."""
    if name not in __all__:
        raise AttributeError(name)
    from . import dashboard, pieces

    return getattr(dashboard if hasattr(dashboard, name) else pieces, name)
