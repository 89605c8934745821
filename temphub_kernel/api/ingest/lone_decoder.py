"""A lone reading decoded and checked at once. Endpoint thread only.

As with `batch_decoder`: only what is as it should be, with no field but the most usual of the contract; all
else `schemas` reads field by field, and says in words what is wrong with it. Both must come to the same
reading.
"""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ...core import BOOT, Row, is_probe_id, to_units
from .batch_decoder import Age, Celsius, Count


class Lone(Struct, forbid_unknown_fields=True, gc=False):
    """As sent. boot and seq: of a probe that counts its readings, else both are missing; sent_ms: only beside
    them."""

    temperature_c: Celsius
    probe_id: str
    age_ms: Age = 0
    boot: str | UnsetType = UNSET
    seq: Count | UnsetType = UNSET
    sent_ms: Count | UnsetType = UNSET
    token: str | None = None

    @property
    def counts(self) -> bool:
        """Whether a repeat of it can be recognised."""
        return self.boot is not UNSET

    def row(self, received_ms: int) -> Row:
        """The reading, dated by its age."""
        boot, seq = (None if self.boot is UNSET else self.boot), (None if self.seq is UNSET else self.seq)
        return Row(
            self.probe_id,
            boot,
            seq,
            received_ms - self.age_ms,
            received_ms,
            to_units(self.temperature_c),
            None,
        )


DECODER = msgspec.json.Decoder(Lone)


def decoded(body: bytes) -> Lone | None:
    """The lone reading that a body is; None for one that has to be looked at field by field."""
    try:
        lone = DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not is_probe_id(lone.probe_id):
        return None
    if lone.boot is UNSET and lone.seq is UNSET and lone.sent_ms is UNSET:
        return lone
    if lone.boot is UNSET or lone.seq is UNSET or BOOT.fullmatch(lone.boot) is None:
        return None
    return lone
