"""What a dashboard shows, as a test reads it."""

import asyncio
import json
import re

from ipywidgets import HTML, Text


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


def say(dashboard, *, refresh=True, **what):
    """What the page's script says, and what comes of it, unless something else comes before the next
    refresh."""
    field = next(one for one in every(dashboard, Text) if "th-sayings" in one._dom_classes)
    # As the script counts what it says: the same again is another thing said.
    field.value = json.dumps({"n": json.loads(field.value or "{}").get("n", 0) + 1, **what})
    if refresh:
        asyncio.run(dashboard.refresh())
