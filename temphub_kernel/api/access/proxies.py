"""Who asks when a proxy stands before the hub: the proxies of TRUSTED_PROXIES are believed, nobody else.
Endpoint thread only."""

import logging
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from tornado.httputil import HTTPHeaders

from ...core import real_address

# A chain of proxies is short; whoever sends more makes it up.
MOST_ENTRIES = 16
REMEDY = "If it is yours, add its address to TRUSTED_PROXIES (docs/proxies.md)."

log = logging.getLogger(__name__)


class Proxies:
    """named: addresses or networks such as 192.168.1.5 or 172.16.0.0/12."""

    def __init__(self, named: Sequence[str]) -> None:
        self._hinted = False
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(one, strict=False) for one in named]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        """Whether a proxy of ours is there."""
        try:
            ip = real_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._networks)

    def notice(self, address: str, headers: HTTPHeaders) -> None:
        """Say once that somebody asks for others whom nobody named: forgotten, it makes one visitor of
        all."""
        if not self._hinted and "X-Forwarded-For" in headers and not self.trusts(address):
            self._hinted = True
            log.warning(
                "A proxy at %s asks for others and TRUSTED_PROXIES does not name it, so all of its visitors "
                "are taken for one. %s",
                address,
                REMEDY,
            )

    def asker(self, address: str, headers: HTTPHeaders) -> str:
        """The address of who asks: the last entry of X-Forwarded-For that is no proxy of ours.

        What stands before it anybody may have made up.
        """
        entries = headers.get("X-Forwarded-For", "").split(",")[-MOST_ENTRIES:]
        while entries and self.trusts(address):
            entry = _address(entries.pop())
            if not entry:
                break
            address = entry
        return address

    def protocol(self, address: str, headers: HTTPHeaders, spoken: str) -> str:
        """`https` when a proxy of ours says so, which asks the hub itself in plain HTTP."""
        said = headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
        return said if said in ("http", "https") and self.trusts(address) else spoken


def _address(text: str) -> str:
    """`203.0.113.9`, `203.0.113.9:4711` or `[2001:db8::1]:4711` as an address; empty for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
