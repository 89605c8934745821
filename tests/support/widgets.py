"""What a dashboard shows, as a test reads it."""

import re

from ipywidgets import HTML


def every(dashboard, kind):
    """The widgets of a kind, in the order in which they stand on the page."""
    found, waiting = [], [dashboard.widget]
    while waiting:
        widget = waiting.pop(0)
        found += [widget] if isinstance(widget, kind) else []
        waiting = [*getattr(widget, "children", ()), *waiting]
    return found


def html_of(dashboard):
    """All of its HTML."""
    return "\n".join(one.value for one in every(dashboard, HTML) if "<style>" not in one.value)


def words(dashboard):
    """The words of it, without their form."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html_of(dashboard)))
