"""Finding probes by mDNS and advertising the hub. The only room with zeroconf and ifaddr."""

from .addresses import lan, lan_urls, networks, usable
from .browser import Discovery

__all__ = ["Discovery", "lan", "lan_urls", "networks", "usable"]
