"""Under which names this hub may be asked for: no name that a stranger can point at it. Endpoint thread only.

DNS rebinding: a web page of `evil.example` has its name resolve to the hub's address; the visitor's browser then takes the
hub for part of that page. The name in the Host header gives it away.
"""

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..base.errors import TempHubError
from ..base.settings import Settings

# Nobody can register a name below these: they live in the LAN's own name service.
PRIVATE = ("localhost", "local", "lan", "home.arpa", "internal", "localdomain")
REMEMBERED = 256


class Hosts:
    """Decides by name; answers are remembered, a few hundred at most."""

    def __init__(self, settings: Settings) -> None:
        own = socket.gethostname().lower()
        base = urlsplit(settings.public_base).hostname if settings.public_base else None
        # The most sold router of German-speaking homes names its guests so.
        self._named = {own, f"{own}.fritz.box", settings.host.lower(), *settings.allowed_hosts, *([base.lower()] if base else [])}
        self._known: dict[str, bool] = {}

    def check(self, host: str | None) -> None:
        """Raises TempHubError (421). No Host header at all is no browser."""
        if host and not self._is_ours(host):
            raise _foreign(host)

    def _is_ours(self, host: str) -> bool:
        answer = self._known.get(host)
        if answer is None:
            answer = self._decide(host)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[host] = answer
        return answer

    def _decide(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        # A number cannot be pointed elsewhere, and a name without a dot has no owner on the internet.
        return _is_number(name) or "." not in name or name in self._named or any(name.endswith("." + last) for last in PRIVATE)


def _is_number(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


class ForeignHost(TempHubError):
    """Raised when the hub is asked for by a name that is none of its own."""

    code = "foreign_host"
    status = 421


def _foreign(host: str) -> TempHubError:
    name = "".join(char for char in host[:80] if char.isprintable())
    return ForeignHost(
        f"This hub was asked for as {name}, which is none of its names; a foreign web page might have done that.",
        "Open the hub by its address or as temphub.local; if the name is right, add it to ALLOWED_HOSTS.",
    )
