"""What a probe is shown with an order: a signature with its key, the shared token, or nothing. A new one is claimed here. Any thread."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..base.errors import TempHubError
from ..base.reading import board_of
from ..base.settings import Settings
from ..base.sighting import Sighting
from ..trust import Exchange, Standing, Trust, seal
from .refusals import foreign, forgot, no_agreement, released, waiting
from .talk import Shown, Status, Talk
from .wire import Limit

REFUSED = {Standing.FOREIGN: foreign, Standing.FORGOT: forgot, Standing.WAITING: waiting, Standing.RELEASED: released}


class Ground(NamedTuple):
    """What every check stands on. heard(probe_id, boot, count, at_s): where a probe said that its count of milliseconds stood then."""

    talk: Talk
    settings: Settings
    hub_port: int
    trust: Trust
    heard: Callable[[str, str, int, float], None] = lambda _id, _boot, _count, _at_s: None


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
    # A device that merely advertises itself must not learn what opens every other name: its token is good for its own.
    # Without SERVER_TOKEN one of an earlier time is taken back.
    secret = ground.settings.server_token
    own = seal.probe_token(secret, board) if secret else ""
    return Shown(token=own, vouched=secret if standing is Standing.TRUSTED else "")


def obeyed(ground: Ground, met: Sighting, shown: Shown) -> None:
    """The probe carried out an order: one that was offered a key has saved it now."""
    if shown.key:
        ground.trust.confirm(board_of(met.probe_id))


def _claimed_with(ground: Ground, met: Sighting, exchange: Exchange, tokens: list[str], limit: Limit | None) -> Mapping[str, object]:
    """The probe's answer to the first token that it takes for proof. Raises TempHubError."""
    *others, last = tokens
    for token in others:
        try:
            return ground.talk.claim(met, exchange.public, exchange.proof(token), limit)
        except TempHubError as error:
            if error.code != "probe_claimed":
                raise
    return ground.talk.claim(met, exchange.public, exchange.proof(last) if last else "", limit)


def _claim(ground: Ground, met: Sighting, board: str, limit: Limit | None) -> Shown:
    exchange, secret = Exchange.begin(), ground.settings.server_token
    # It may hold the shared token, or its own from the time when its firmware knew no keys.
    tokens = [secret, seal.probe_token(secret, board)] if secret else [""]
    answer = _claimed_with(ground, met, exchange, tokens, limit)
    key, nonce = exchange.finish(board, answer.get("public"), answer.get("proof")), answer.get("nonce")
    if key is None or not isinstance(nonce, str):
        raise no_agreement(met)
    ground.trust.offer(board, key)
    return Shown(key=key, nonce=nonce)
