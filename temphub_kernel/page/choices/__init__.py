"""What a viewer chooses, and the page's address that keeps it."""

from .controller import Steering
from .view import BY_KEY, CHIPS, POINTS_UP_TO_MS, View, Wanted, Window, between, live, query

__all__ = ["BY_KEY", "CHIPS", "POINTS_UP_TO_MS", "Steering", "View", "Wanted", "Window", "between", "live", "query"]
