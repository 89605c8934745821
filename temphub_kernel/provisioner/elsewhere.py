"""A probe that another hub records well: it is left there until somebody asks for it. Any thread.

Firmware without keys takes orders from anybody, so a second hub, started to look around, would take it away from the first.
One whose hub is dead, or was this one under another address, is taken at once.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from ..base.errors import TempHubError
from ..base.reading import board_of
from ..base.sighting import Sighting
from ..base.this_computer import is_here
from ..trust import Standing
from .refusals import elsewhere
from .route import address_towards
from .standing import Ground
from .talk import Status

# Standing of a probe that anybody may order; what holds a key is judged by that.
OPEN = (Standing.PLAIN, Standing.CLAIMABLE)


def leave_alone(ground: Ground, met: Sighting, said: Status) -> None:
    """Raises TempHubError (`probe_elsewhere`) when the probe delivers to another hub that answers."""
    if not said.server_url or said.needs_provision or said.key_id:
        return
    board = board_of(met.probe_id)
    free = ground.trust.look(board, said.key_id)[0] in OPEN and not ground.trust.vouched(board)
    if free and _other_hub(ground, met, said):
        ground.trust.saw(board, Standing.ELSEWHERE)
        raise elsewhere(met, said.server_url)


def _other_hub(ground: Ground, met: Sighting, said: Status) -> bool:
    """Whether what the probe delivers to is alive and not this hub. A name is not asked for: hubs tell probes numbers."""
    try:
        parts = urlsplit(said.server_url or "")
        host, port = parts.hostname or "", parts.port or 80
        if ip_address(host).is_loopback and not is_here(met.ip):
            # There it means the device itself: no reason to look at a port of this computer.
            return False
        own = address_towards(host) == host
    except (ValueError, TempHubError):
        return False
    public = urlsplit(ground.settings.public_base).netloc
    if parts.netloc == public or (own and port == ground.hub_port):
        return False
    answer = ground.talk.hub(met.probe_id, host, port)
    if answer is None:
        return False
    code, health = answer
    if own and health.get("data_dir") == str(ground.settings.data_dir):
        return False
    # Whatever else takes the readings may have no such page: then the probe's own word counts.
    return (code == 200 and health.get("ok") is True) or said.delivering
