"""The page: cards, live chart, statistics, list of probes. The only room with ipywidgets and bqplot.

Reads the journal and nothing else; what it needs of the hub is passed in. Kernel's own thread only.
"""

from .board import Dashboard, build
from .pieces import chosen

__all__ = ["Dashboard", "build", "chosen"]
