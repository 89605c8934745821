"""A batch decoded and checked at once, column by column. Endpoint thread only.

Only what is as it should be, with no field but the contract's own: of all else `schemas` reads every field by
itself, and says in words what is wrong with it. Both must come to the same readings.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType

from ...core import (
    ADHOC,
    BOOT,
    HIGHEST_C,
    LOWEST_C,
    MAX_AGE_MS,
    MAX_BATCH,
    MAX_SEQ,
    UNDATED,
    UNITS_PER_C,
    is_probe_id,
)
from ...journal import CODE, NO_VALUE, Delivered, Ints
from ..timestamps import Transit

Count = Annotated[int, Meta(ge=0, le=MAX_SEQ)]
Age = Annotated[int, Meta(ge=0, le=MAX_AGE_MS)]
# Beyond these it is a reading without a value.
Celsius = Annotated[float, Meta(ge=LOWEST_C, le=HIGHEST_C)]
Quality = Literal["open", "short_gnd", "short_vcc", "crc", "power_on", "range", "missing"]
UNDATED_CODE = CODE[UNDATED]
# One that writes it in another way is read as slowly as a lone reading.
A_BATCH = b'"readings"'


class _Good(Struct, forbid_unknown_fields=True, gc=False):
    seq: Count
    age_ms: Age
    temperature_c: Celsius


class _Reading(Struct, forbid_unknown_fields=True, gc=False):
    seq: Count
    age_ms: Age
    temperature_c: Celsius | None
    quality: Quality | None = None
    age_unknown: bool = False


class _Head(Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    boot: str
    probe_id: str = ADHOC
    sent_ms: Count | UnsetType = UNSET
    token: str | None = None


class _AllGood(_Head, forbid_unknown_fields=True, gc=False, kw_only=True):
    readings: Annotated[list[_Good], Meta(min_length=1, max_length=MAX_BATCH)]


class _Batch(_Head, forbid_unknown_fields=True, gc=False, kw_only=True):
    readings: Annotated[list[_Reading], Meta(min_length=1, max_length=MAX_BATCH)]


# Mostly no reading has more than its number, its age and its value; to find out afterwards would cost a fifth
# of it all.
PLAIN = msgspec.json.Decoder(_AllGood)
DECODER = msgspec.json.Decoder(_Batch)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A batch that is sound. token, sent_ms: as sent, None where there is none; the columns have one length,
    as in `Delivered`."""

    probe_id: str
    boot: str
    token: str | None
    sent_ms: int | None
    seq: Ints
    age_ms: Ints
    units: Ints
    quality: Ints

    def delivered(self, received_ms: int, arrived_ms: float, transit: Transit) -> Delivered:
        """Its readings, dated by their age or, with `sent_ms`, by the probe's own count. arrived_ms: on the
        clock of `transit`."""
        age_ms = self.age_ms
        if self.sent_ms is not None:
            moments = transit.moments(self.probe_id, self.boot, self.sent_ms, age_ms, arrived_ms)
            age_ms = np.rint(arrived_ms - moments).astype(np.int64)
        return Delivered(
            self.probe_id, self.boot, received_ms, self.seq, received_ms - age_ms, self.units, self.quality
        )


def decoded(body: bytes) -> Decoded | None:
    """The batch that a body is; None for one that has to be looked at field by field."""
    batch = _sound(body)
    if batch is None or not is_probe_id(batch.probe_id) or BOOT.fullmatch(batch.boot) is None:
        return None
    readings: list[_Good] | list[_Reading] = batch.readings
    count = len(readings)
    seq = np.fromiter([one.seq for one in readings], np.int64, count)
    age_ms = np.fromiter([one.age_ms for one in readings], np.int64, count)
    celsius = np.fromiter([one.temperature_c or 0.0 for one in readings], np.float64, count)
    # As `to_units` rounds.
    units = np.rint(celsius * UNITS_PER_C).astype(np.int64)
    quality = np.zeros(count, np.int64)
    if isinstance(batch, _Batch):
        quality = _qualities(batch.readings)
        missing = np.fromiter([one.temperature_c is None for one in readings], np.bool_, count)
        if not quality[missing].all():
            return None
        units[missing] = NO_VALUE
    sent_ms = None if batch.sent_ms is UNSET else batch.sent_ms
    return Decoded(batch.probe_id, batch.boot, batch.token, sent_ms, seq, age_ms, units, quality)


def _sound(body: bytes) -> _AllGood | _Batch | None:
    for decoder in (PLAIN, DECODER):
        try:
            return decoder.decode(body)
        except msgspec.ValidationError:
            continue
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
    return None


def _qualities(readings: list[_Reading]) -> Ints:
    """The code of each reading's quality; a value of unknown age has one of its own."""
    codes = (
        CODE[one.quality] or (UNDATED_CODE if one.age_unknown and one.temperature_c is not None else 0)
        for one in readings
    )
    return np.fromiter(codes, np.int64, len(readings))
