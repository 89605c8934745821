"""What people say of a probe's numbers: corrections, and a thermocouple behind a chip that knows no curve.
Endpoint thread only."""

from typing import Any

from ...core import EVER_MS, NotFound, iso_utc, now_ms
from ...journal import CHIPS, COLD_C, WITHIN_C, Thermocouple, calibrate, forget, state, take_back
from .. import base, schemas
from .annotations import MOST_NO, note_field, unknown

# Far beyond any temperature, yet a number that can be reckoned with: JSON knows larger ones.
MOST_C = 1e9
CHIPS_OF_TYPE = " and ".join(f"{chip} ({', '.join(types)})" for chip, types in CHIPS.items())


class Calibrate(base.ApiHandler):
    """`POST /api/calibrate`: corrects a probe's values from a time on; with `forget` the number of one to
    take back."""

    async def post(self) -> None:
        data = self.body()
        if "forget" in data:
            no = schemas.int_field(data, "forget", 1, MOST_NO, required=True)
            gone = await self.room.questions.call(lambda: forget(self.room.writer, no))
            if not gone:
                raise unknown("calibration", no)
            await self.note()
            return self.reply({"ok": True})
        probe_id, points = schemas.probe_field(data), _points(data.get("points"))
        from_ms = schemas.int_field(data, "from_ms", 0, EVER_MS, default=now_ms())
        note = note_field(data)
        await self.room.questions.call(lambda: calibrate(self.room.writer, probe_id, points, from_ms, note))
        await self.note()
        self.reply({"ok": True})


class Calibrations(base.ApiHandler):
    """`GET /api/calibrations`: every calibration, by probe and time."""

    async def get(self) -> None:
        found = await self.room.questions.ask(lambda reader: reader.calibrations())
        listed = [
            {
                "number": c.no,
                "probe_id": c.probe_id,
                "from": iso_utc(c.from_ms),
                "to": iso_utc(c.to_ms) if c.to_ms < EVER_MS else None,
                "points": [list(point) for point in c.points],
                "note": c.note,
                "made": iso_utc(c.made_ms),
            }
            for c in found
        ]
        self.reply({"ok": True, "calibrations": listed})


class StateThermocouple(base.ApiHandler):
    """`POST /api/thermocouple`: a probe's readings of a time are corrected for a type; with `undo` the number
    of one to take back."""

    async def post(self) -> None:
        data, writer = self.body(), self.room.writer
        if "undo" in data:
            no = schemas.int_field(data, "undo", 1, MOST_NO, required=True)
            if not await self.room.questions.call(lambda: take_back(writer, no)):
                remedy = "Use a number from /api/thermocouples."
                raise NotFound(
                    f"There is no thermocouple with the number {no}.", remedy, code="unknown_thermocouple"
                )
        else:
            probe_id, letter, chip = (
                schemas.probe_field(data),
                _name(data, "type"),
                _name(data, "chip", "max31855"),
            )
            from_ms = schemas.int_field(data, "from_ms", 0, EVER_MS, default=0)
            to_ms = schemas.int_field(data, "to_ms", 0, EVER_MS, default=EVER_MS)
            cold_c, within_c = _celsius(data, "cold_c", COLD_C), _celsius(data, "cold_within_c", WITHIN_C)
            note = note_field(data)
            no = await self.room.questions.call(
                lambda: state(
                    writer,
                    probe_id,
                    letter,
                    chip,
                    from_ms,
                    to_ms,
                    cold_c=cold_c,
                    within_c=within_c,
                    note=note,
                )
            )
        await self.note()
        self.reply({"ok": True, "number": no})


class Thermocouples(base.ApiHandler):
    """`GET /api/thermocouples`: everything that is stated, by probe and time."""

    async def get(self) -> None:
        found = await self.room.questions.ask(lambda reader: reader.thermocouples())
        self.reply({"ok": True, "thermocouples": [_told(one) for one in found]})


def _points(value: object) -> list[tuple[float, float]]:
    if not isinstance(value, list) or len(value) > 1000 or not all(_is_pair(pair) for pair in value):
        remedy = (
            "Send points as a list of [shown, true] pairs in °C, such as [[0.2, 0.0], [99.1, 100.0]]; "
            "an empty list ends a correction."
        )
        raise schemas.bad("bad_points", f"points is {schemas.short(value)}.", remedy)
    return [(float(shown), float(true)) for shown, true in value]


def _is_pair(pair: object) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and all(type(one) in (int, float) and abs(one) <= MOST_C for one in pair)
    )


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
        raise schemas.bad(
            f"bad_{name}",
            f"{name} is {schemas.short(value)}.",
            f"Send chip and type as one of {CHIPS_OF_TYPE}.",
        )
    return value


def _celsius(data: dict[str, Any], name: str, default: float) -> float:
    value = data.get(name, default)
    if type(value) not in (int, float) or not abs(value) <= MOST_C:
        raise schemas.bad(
            f"bad_{name}", f"{name} is {schemas.short(value)}.", f"Send {name} in °C, or leave it out."
        )
    return float(value)
