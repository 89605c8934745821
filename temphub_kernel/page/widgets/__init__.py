"""The page's widgets: the only files with ipywidgets and bqplot."""

from .alarms import AlarmPanel
from .base import Ask, Asks, Kit, set_children, set_class, set_value
from .board import Board
from .chart_extras import MomentsPanel, PlacesPanel
from .chart_panel import ChartPanel
from .doctor_panel import DoctorPanel
from .page_settings import PagePanel
from .probe_list import ListPanel, Provision

__all__ = [
    "AlarmPanel",
    "Ask",
    "Asks",
    "Board",
    "ChartPanel",
    "DoctorPanel",
    "Kit",
    "ListPanel",
    "MomentsPanel",
    "PagePanel",
    "PlacesPanel",
    "Provision",
    "set_children",
    "set_class",
    "set_value",
]
