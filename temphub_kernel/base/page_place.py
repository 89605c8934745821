"""Where the page server behind a hub is. Any thread."""

from typing import NamedTuple

# The header by which the front door shows the page server that it is the one who asks.
DOOR = "X-Temphub-Door"


class PagePlace(NamedTuple):
    """secret: shown with each request, so that it answers to this hub only; empty for one that does not ask for it."""

    host: str
    port: int
    secret: str = ""
