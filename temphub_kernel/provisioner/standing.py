"""What a probe is shown with an order: a signature with its key, the shared token, or nothing. A new one is claimed here. Any thread."""

from typing import NamedTuple

from ..base.reading import board_of
from ..base.settings import Settings
from ..base.sighting import Sighting
from ..trust import Exchange, Standing, Trust
from .refusals import foreign, forgot, no_agreement, released, waiting
from .talk import Shown, Status, Talk
from .wire import Limit

REFUSED = {Standing.FOREIGN: foreign, Standing.FORGOT: forgot, Standing.WAITING: waiting, Standing.RELEASED: released}


class Ground(NamedTuple):
    """What every check stands on."""

    talk: Talk
    settings: Settings
    hub_port: int
    trust: Trust


def prove(ground: Ground, met: Sighting, said: Status, limit: Limit | None = None) -> Shown:
    """What to show a probe that says this of itself; a new one is claimed. Raises TempHubError when it is not ours to order."""
    board = board_of(met.probe_id)
    standing, key = ground.trust.look(board, said.key_id)
    ground.trust.saw(board, standing)
    if standing in REFUSED:
        raise REFUSED[standing](met)
    if standing is Standing.CLAIMED:
        return Shown(key=key, nonce=said.nonce)
    if standing is Standing.CLAIMABLE:
        return _claim(ground, met, board, limit)
    # Without a token there is nothing to keep from it, and one of an earlier time is taken back.
    secret = ground.settings.server_token
    return Shown(token=secret if standing is Standing.TRUSTED or not secret else None)


def obeyed(ground: Ground, met: Sighting, shown: Shown) -> None:
    """The probe carried out an order: one that was offered a key has saved it now."""
    if shown.key:
        ground.trust.confirm(board_of(met.probe_id))


def _claim(ground: Ground, met: Sighting, board: str, limit: Limit | None) -> Shown:
    exchange, token = Exchange.begin(), ground.settings.server_token
    answer = ground.talk.claim(met, exchange.public, exchange.proof(token) if token else "", limit)
    key, nonce = exchange.finish(board, answer.get("public"), answer.get("proof")), answer.get("nonce")
    if key is None or not isinstance(nonce, str):
        raise no_agreement(met)
    ground.trust.offer(board, key)
    return Shown(key=key, nonce=nonce)
