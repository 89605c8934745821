"""What people say of a probe whose stored numbers are those of a thermocouple's chip, uncorrected. Endpoint thread only."""

from typing import Any

from ..base.clock import iso_utc
from ..base.errors import NotFound
from ..journal import CHIPS, COLD_C, WITHIN_C, Thermocouple, state, take_back
from .fields import int_field, probe_field
from .handlers import ApiHandler
from .said import EVER_MS, MOST_C, MOST_NO, note_field
from .validate import bad, short

CHIPS_OF_TYPE = " and ".join(f"{chip} ({', '.join(types)})" for chip, types in CHIPS.items())


class StateThermocouple(ApiHandler):
    """`POST /api/thermocouple`: a probe's readings of a time are corrected for a type; with `undo` the number of one to take back."""

    async def post(self) -> None:
        data, writer = self.body(), self.room.writer
        if "undo" in data:
            no = int_field(data, "undo", 1, MOST_NO, required=True)
            if not await self.room.questions.call(lambda: take_back(writer, no)):
                remedy = "Use a number from /api/thermocouples."
                raise NotFound(f"There is no thermocouple with the number {no}.", remedy, code="unknown_thermocouple")
        else:
            probe_id, letter, chip = probe_field(data), _name(data, "type"), _name(data, "chip", "max31855")
            from_ms = int_field(data, "from_ms", 0, EVER_MS, default=0)
            to_ms = int_field(data, "to_ms", 0, EVER_MS, default=EVER_MS)
            cold_c, within_c = _celsius(data, "cold_c", COLD_C), _celsius(data, "cold_within_c", WITHIN_C)
            note = note_field(data)
            no = await self.room.questions.call(
                lambda: state(writer, probe_id, letter, chip, from_ms, to_ms, cold_c=cold_c, within_c=within_c, note=note)
            )
        await self.note()
        self.reply({"ok": True, "number": no})


class Thermocouples(ApiHandler):
    """`GET /api/thermocouples`: everything that is stated, by probe and time."""

    async def get(self) -> None:
        found = await self.room.questions.ask(lambda reader: reader.thermocouples())
        self.reply({"ok": True, "thermocouples": [_told(one) for one in found]})


def _told(one: Thermocouple) -> dict[str, Any]:
    return {
        "number": one.no,
        "probe_id": one.probe_id,
        "from": iso_utc(one.from_ms),
        "to": iso_utc(one.to_ms) if one.to_ms < EVER_MS else None,
        "type": one.type,
        "chip": one.chip,
        "cold_c": one.cold_c,
        "cold_within_c": one.within_c,
        "uncertainty": [{"at_c": at_c, "within_c": within_c} for at_c, within_c in one.uncertainty()],
        "note": one.note,
        "made": iso_utc(one.made_ms),
    }


def _name(data: dict[str, Any], name: str, default: str | None = None) -> str:
    value = data.get(name, default)
    if not isinstance(value, str):
        raise bad(f"bad_{name}", f"{name} is {short(value)}.", f"Send chip and type as one of {CHIPS_OF_TYPE}.")
    return value


def _celsius(data: dict[str, Any], name: str, default: float) -> float:
    value = data.get(name, default)
    if type(value) not in (int, float) or not abs(value) <= MOST_C:
        raise bad(f"bad_{name}", f"{name} is {short(value)}.", f"Send {name} in °C, or leave it out.")
    return float(value)
