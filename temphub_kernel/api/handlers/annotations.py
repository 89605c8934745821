"""What people say of a probe whose stored numbers are those of a thermocouple's chip, uncorrected. Endpoint thread only."""

from typing import Any

from ...core import NotFound, is_probe_id, iso_utc, now_ms
from ...journal import (
    CHIPS,
    COLD_C,
    WITHIN_C,
    Thermocouple,
    annotate,
    calibrate,
    check_common,
    describe,
    erase,
    forget,
    merge,
    remove,
    restore,
    state,
    strike_out,
    take_back,
    undo,
    unmerge,
)
from .. import base, schemas
from .probes import transients

EVER_MS = 2**53
# Far beyond any temperature, yet a number that can be reckoned with: JSON knows larger ones.
MOST_C = 1e9
MOST_NO = 2**53
MOST_IDS = 1_000
MOST_EXPECTED = 100_000
DESCRIBED = ("alias", "place", "hidden", "group", "note", "power_on_counts")


class Describe(base.ApiHandler):
    """`POST /api/describe`: a person's name for a probe, its group, place, note, that it is hidden, or that its 85 °C count."""

    async def post(self) -> None:
        data = self.body()
        probe_id = schemas.probe_field(data)
        said = {name: schemas.whole(value) for name, value in data.items() if name not in ("probe_id", "token")}
        unknown = next((name for name in said if name not in DESCRIBED), None)
        if unknown is not None:
            # Without the name in the code: codes are ours, and few.
            raise schemas.bad("bad_field", f"{schemas.short(unknown)} says nothing of a probe.", f"Send {', '.join(DESCRIBED)}.")
        await self.room.questions.call(lambda: describe(self.room.writer, probe_id, said))
        await self.note()
        self.reply({"ok": True})


class Identify(base.ApiHandler):
    """`POST /api/identify`: has a probe blink, so that a person sees which one it is."""

    async def post(self) -> None:
        probe_id = schemas.probe_field(self.body())
        device = await self.device(probe_id)
        await self.room.questions.talk(device, lambda: self.room.desk.identify(device))
        self.reply({"ok": True})


class Annotate(base.ApiHandler):
    """`POST /api/annotate`: a remark on a moment or range; with `erase` the number of one to take back."""

    async def post(self) -> None:
        data = self.body()
        if "erase" in data:
            no = schemas.int_field(data, "erase", 1, MOST_NO, required=True)
            gone = await self.room.questions.call(lambda: erase(self.room.writer, no))
            if not gone:
                raise _unknown("annotation", no)
            await self.note()
            return self.reply({"ok": True, "number": no})
        from_ms = schemas.int_field(data, "from_ms", 0, EVER_MS, required=True)
        to_ms = schemas.int_field(data, "to_ms", 0, EVER_MS, default=from_ms)
        probe_id = schemas.probe_field(data) if data.get("probe_id") is not None else None
        text = data.get("text")
        no = await self.room.questions.call(lambda: annotate(self.room.writer, from_ms, to_ms, text, probe_id))  # type: ignore[arg-type]
        await self.note()
        self.reply({"ok": True, "number": no})


class Annotations(base.ApiHandler):
    """`GET /api/annotations`: every remark, by time."""

    async def get(self) -> None:
        found = await self.room.questions.ask(lambda reader: reader.annotations(0, EVER_MS))
        remarks = [
            {
                "number": a.no,
                "from": iso_utc(a.from_ms),
                "to": iso_utc(a.to_ms),
                "probe_id": a.probe_id,
                "text": a.text,
                "written": iso_utc(a.by_ms),
            }
            for a in found
        ]
        self.reply({"ok": True, "annotations": remarks})


class Calibrate(base.ApiHandler):
    """`POST /api/calibrate`: corrects a probe's values from a time on; with `forget` the number of one to take back."""

    async def post(self) -> None:
        data = self.body()
        if "forget" in data:
            no = schemas.int_field(data, "forget", 1, MOST_NO, required=True)
            gone = await self.room.questions.call(lambda: forget(self.room.writer, no))
            if not gone:
                raise _unknown("calibration", no)
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


class StrikeOut(base.ApiHandler):
    """`POST /api/strike-out`: a probe's readings of a time no longer count, and are kept; with `undo` the number of one to take back."""

    async def post(self) -> None:
        data = self.body()
        if "undo" in data:
            no = schemas.int_field(data, "undo", 1, MOST_NO, required=True)
            gone = await self.room.questions.call(lambda: undo(self.room.writer, no))
            if not gone:
                remedy = "Use a number from /api/struck-out."
                raise NotFound(f"Nothing with the number {no} is struck out.", remedy, code="unknown_strike")
            await self.note()
            return self.reply({"ok": True, "number": no})
        probe_id = schemas.probe_field(data)
        from_ms = schemas.int_field(data, "from_ms", 0, EVER_MS, required=True)
        to_ms = schemas.int_field(data, "to_ms", 0, EVER_MS, default=from_ms)
        note = note_field(data)
        no = await self.room.questions.call(lambda: strike_out(self.room.writer, probe_id, from_ms, to_ms, note))
        await self.note()
        self.reply({"ok": True, "number": no})


class StruckOut(base.ApiHandler):
    """`GET /api/struck-out`: everything that is struck out, by probe and time."""

    async def get(self) -> None:
        found = await self.room.questions.ask(lambda reader: reader.strikes())
        listed = [
            {
                "number": one.no,
                "probe_id": one.probe_id,
                "from": iso_utc(one.from_ms),
                "to": iso_utc(one.to_ms),
                "note": one.note,
                "made": iso_utc(one.made_ms),
            }
            for one in found
        ]
        self.reply({"ok": True, "struck_out": listed})


class Remove(base.ApiHandler):
    """`POST /api/remove`: takes a probe, or several, off every list; their readings are kept. With `restore: true` they come back.

    With `unnamed: true` instead of ids those go that came once or a few times and did not come back.
    """

    async def post(self) -> None:
        data = self.body()
        unnamed, back = data.get("unnamed", False), data.get("restore", False)
        if not isinstance(back, bool):
            raise schemas.bad("bad_restore", f"restore is {schemas.short(back)}.", "Send true to bring the probe back, or leave it out.")
        if not isinstance(unnamed, bool) or (unnamed and (back or "probe_id" in data or "probe_ids" in data)):
            remedy = "Send unnamed: true alone, to remove the ids that came once or a few times, or the ids that you mean."
            raise schemas.bad("bad_unnamed", f"unnamed is {schemas.short(unnamed)} beside other fields.", remedy)
        ids = await self._transients() if unnamed else _ids(data)
        await self.room.questions.call(lambda: (restore if back else remove)(self.room.writer, *ids))
        await self.note()
        self.reply({"ok": True, "removed": len(ids)} if unnamed else {"ok": True})

    async def _transients(self) -> list[str]:
        listed, newest = await self.room.questions.ask(lambda reader: (reader.probes(), reader.newest()))
        return sorted(transients(listed, newest, self.room.desk.register.standings()))


class Expect(base.ApiHandler):
    """`POST /api/expect`: so many new probes will come within the hour, and are taken at once."""

    async def post(self) -> None:
        data = self.body()
        count = schemas.int_field(data, "probes", 1, MOST_EXPECTED, required=True)
        self.room.names.expect(count)
        await self.note()
        self.reply({"ok": True})


class Merge(base.ApiHandler):
    """`POST /api/merge`: a probe's readings count as another one's, those to come as well; with `undo: true` it stands for itself again."""

    async def post(self) -> None:
        data = self.body()
        probe_id, undone, overlap = schemas.probe_field(data), data.get("undo", False), data.get("overlap", False)
        for name, value in (("undo", undone), ("overlap", overlap)):
            if not isinstance(value, bool):
                raise schemas.bad(f"bad_{name}", f"{name} is {schemas.short(value)}.", "Send true or false, or leave it out.")
        if undone:
            await self.room.questions.call(lambda: unmerge(self.room.writer, probe_id))
        else:
            into = schemas.probe_field(data, "into")
            found = await self.room.questions.ask(lambda reader: reader.common(probe_id, into))
            if not overlap:
                check_common(found, probe_id, into)
            await self.room.questions.call(lambda: merge(self.room.writer, probe_id, into))
        await self.note()
        self.reply({"ok": True})


def _ids(data: dict[str, Any]) -> list[str]:
    """`probe_id`, or `probe_ids` for several."""
    if "probe_ids" not in data:
        return [schemas.probe_field(data)]
    given = data["probe_ids"]
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_IDS or not all(is_probe_id(one) for one in given):
        remedy = f"Send probe_ids as a list of 1 to {MOST_IDS} ids in /api/probes."
        raise schemas.bad("bad_probe_ids", f"probe_ids is {schemas.short(given)}, which names no probes.", remedy)
    return given


def note_field(data: dict[str, Any]) -> str:
    """`note`: a remark, empty when left out. Raises TempHubError (400)."""
    note = data.get("note", "")
    if not isinstance(note, str) or len(note) > 500:
        raise schemas.bad("bad_note", f"note is {schemas.short(note)}.", "Send note as text of up to 500 characters, or leave it out.")
    return note


def _points(value: object) -> list[tuple[float, float]]:
    if not isinstance(value, list) or len(value) > 1000 or not all(_is_pair(pair) for pair in value):
        remedy = "Send points as a list of [shown, true] pairs in °C, such as [[0.2, 0.0], [99.1, 100.0]]; an empty list ends a correction."
        raise schemas.bad("bad_points", f"points is {schemas.short(value)}.", remedy)
    return [(float(shown), float(true)) for shown, true in value]


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(type(one) in (int, float) and abs(one) <= MOST_C for one in pair)


def _unknown(what: str, no: int) -> NotFound:
    return NotFound(f"There is no {what} with the number {no}.", f"Use a number from /api/{what}s.", code=f"unknown_{what}")


CHIPS_OF_TYPE = " and ".join(f"{chip} ({', '.join(types)})" for chip, types in CHIPS.items())


class StateThermocouple(base.ApiHandler):
    """`POST /api/thermocouple`: a probe's readings of a time are corrected for a type; with `undo` the number of one to take back."""

    async def post(self) -> None:
        data, writer = self.body(), self.room.writer
        if "undo" in data:
            no = schemas.int_field(data, "undo", 1, MOST_NO, required=True)
            if not await self.room.questions.call(lambda: take_back(writer, no)):
                remedy = "Use a number from /api/thermocouples."
                raise NotFound(f"There is no thermocouple with the number {no}.", remedy, code="unknown_thermocouple")
        else:
            probe_id, letter, chip = schemas.probe_field(data), _name(data, "type"), _name(data, "chip", "max31855")
            from_ms = schemas.int_field(data, "from_ms", 0, EVER_MS, default=0)
            to_ms = schemas.int_field(data, "to_ms", 0, EVER_MS, default=EVER_MS)
            cold_c, within_c = _celsius(data, "cold_c", COLD_C), _celsius(data, "cold_within_c", WITHIN_C)
            note = note_field(data)
            no = await self.room.questions.call(
                lambda: state(writer, probe_id, letter, chip, from_ms, to_ms, cold_c=cold_c, within_c=within_c, note=note)
            )
        await self.note()
        self.reply({"ok": True, "number": no})


class Thermocouples(base.ApiHandler):
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
        raise schemas.bad(f"bad_{name}", f"{name} is {schemas.short(value)}.", f"Send chip and type as one of {CHIPS_OF_TYPE}.")
    return value


def _celsius(data: dict[str, Any], name: str, default: float) -> float:
    value = data.get(name, default)
    if type(value) not in (int, float) or not abs(value) <= MOST_C:
        raise schemas.bad(f"bad_{name}", f"{name} is {schemas.short(value)}.", f"Send {name} in °C, or leave it out.")
    return float(value)
