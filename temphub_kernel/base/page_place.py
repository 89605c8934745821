"""Where the page server behind a hub is, as the hub kernel is told in its environment. Any thread."""

from typing import NamedTuple

# The header by which the front door shows the page server that it is the one who asks.
DOOR = "X-Temphub-Door"


class PagePlace(NamedTuple):
    """secret: shown with each request, so that it answers to this hub only; empty for one that does not ask for it."""

    host: str
    port: int
    secret: str = ""

    def as_text(self) -> str:
        """For an environment variable."""
        return f"{self.host}:{self.port}/{self.secret}"

    @classmethod
    def of(cls, text: str) -> "PagePlace | None":
        """The reverse; None for an empty text."""
        place, _, secret = text.partition("/")
        host, _, port = place.rpartition(":")
        return cls(host, int(port), secret) if host else None
