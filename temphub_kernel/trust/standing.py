"""How a board and this hub stand to each other. Pure; any thread."""

from enum import StrEnum

from .keys import CLAIMED, OFFERED, RELEASED, TRUSTED, Kept
from .signatures import key_id, same


class Standing(StrEnum):
    """How a board and this hub stand to each other, as last seen; see docs/trust.md."""

    CLAIMED = "claimed"
    CLAIMABLE = "claimable"
    PLAIN = "plain"
    TRUSTED = "trusted"
    WAITING = "waiting"
    FORGOT = "forgot"
    FOREIGN = "foreign"
    # It holds no key, and another hub records it.
    ELSEWHERE = "elsewhere"
    RELEASED = "released"


# As what is remembered tells it, until the board is seen.
REMEMBERED = {
    CLAIMED: Standing.CLAIMED.value,
    OFFERED: Standing.CLAIMABLE.value,
    TRUSTED: Standing.TRUSTED.value,
    RELEASED: Standing.RELEASED.value,
}


def standing_of(kept: Kept, told: str | None, *, approve: bool) -> tuple[Standing, bytes]:
    """(how a board stands that says `told` as its key_id, our key for it or nothing). told: None when its
    firmware knows no keys; approve: a person says yes first."""
    state, key, _ = kept
    if state == CLAIMED and not told:
        return Standing.FORGOT, b""
    if told and key and same(told, key_id(key)):
        return Standing.CLAIMED, key
    if told:
        return Standing.FOREIGN, b""
    if state == RELEASED:
        return Standing.RELEASED, b""
    if approve and not state:
        return Standing.WAITING, b""
    if told is None:
        return Standing.TRUSTED if state == TRUSTED else Standing.PLAIN, b""
    return Standing.CLAIMABLE, b""
