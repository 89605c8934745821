"""Whether a probe delivers to another hub that records it. Any thread; asks that hub."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from ..core import Settings, Sighting, TempHubError, is_here
from . import probe_client, route


def records_elsewhere(talk: probe_client.Talk, settings: Settings, hub_port: int, met: Sighting, said: probe_client.Status) -> bool:
    """Whether what the probe delivers to is alive and not this hub. A name is not asked for: hubs tell probes numbers."""
    try:
        parts = urlsplit(said.server_url or "")
        host, port = parts.hostname or "", parts.port or 80
        if ip_address(host).is_loopback and not is_here(met.ip):
            # There it means the device itself: no reason to look at a port of this computer.
            return False
        own = route.address_towards(host) == host
    except (ValueError, TempHubError):
        return False
    if parts.netloc == urlsplit(settings.public_base).netloc or (own and port == hub_port):
        return False
    answer = talk.hub(met.probe_id, host, port)
    if answer is None:
        return False
    code, health = answer
    if own and health.get("data_dir") == str(settings.data_dir):
        return False
    # Whatever else takes the readings may have no such page: then the probe's own word counts.
    return (code == 200 and health.get("ok") is True) or said.delivering
