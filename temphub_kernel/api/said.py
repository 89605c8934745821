"""What people say: how a probe is called, remarks beside a time, calibrations; and which probe is which. Endpoint thread only."""

from typing import Any

from ..base.clock import iso_utc, now_ms
from ..journal import annotate, calibrate, describe, erase, forget
from .fields import int_field
from .handlers import ApiHandler
from .validate import bad, short

EVER_MS = 2**53
# Far beyond any temperature, yet a number that can be reckoned with: JSON knows larger ones.
MOST_C = 1e9
MOST_NO = 2**53
DESCRIBED = ("alias", "place", "hidden", "group", "note")


def probe_field(data: dict[str, Any]) -> str:
    """`probe_id`: names a probe. Raises TempHubError (400)."""
    value = data.get("probe_id")
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise bad("bad_probe_id", f"probe_id is {short(value)}, which names no probe.", "Send the id of a probe in /api/probes.")
    return value


class Describe(ApiHandler):
    """`POST /api/describe`: a person's name for a probe, its group, place, note, or that it is hidden."""

    async def post(self) -> None:
        data = self.body()
        probe_id = probe_field(data)
        said = {name: value for name, value in data.items() if name not in ("probe_id", "token")}
        unknown = next((name for name in said if name not in DESCRIBED), None)
        if unknown is not None:
            # Without the name in the code: codes are ours, and few.
            raise bad("bad_field", f"{short(unknown)} says nothing of a probe.", f"Send {', '.join(DESCRIBED)}.")
        await self.room.questions.call(lambda: describe(self.room.writer, probe_id, said))
        await self.note()
        self.reply({"ok": True})


class Identify(ApiHandler):
    """`POST /api/identify`: has a probe blink, so that a person sees which one it is."""

    async def post(self) -> None:
        probe_id = probe_field(self.body())
        await self.room.questions.call(lambda: self.room.desk.identify(probe_id))
        self.reply({"ok": True})


class Annotate(ApiHandler):
    """`POST /api/annotate`: a remark on a moment or range; with `erase` the number of one to take back."""

    async def post(self) -> None:
        data = self.body()
        if "erase" in data:
            no = int_field(data, "erase", 1, MOST_NO, required=True)
            gone = await self.room.questions.call(lambda: erase(self.room.writer, no))
            if not gone:
                raise _unknown("annotation", no)
            await self.note()
            return self.reply({"ok": True, "number": no})
        from_ms = int_field(data, "from_ms", 0, EVER_MS, required=True)
        to_ms = int_field(data, "to_ms", 0, EVER_MS, default=from_ms)
        probe_id = probe_field(data) if data.get("probe_id") is not None else None
        text = data.get("text")
        no = await self.room.questions.call(lambda: annotate(self.room.writer, from_ms, to_ms, text, probe_id))  # type: ignore[arg-type]
        await self.note()
        self.reply({"ok": True, "number": no})


class Annotations(ApiHandler):
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


class Calibrate(ApiHandler):
    """`POST /api/calibrate`: corrects a probe's values from a time on; with `forget` the number of one to take back."""

    async def post(self) -> None:
        data = self.body()
        if "forget" in data:
            no = int_field(data, "forget", 1, MOST_NO, required=True)
            gone = await self.room.questions.call(lambda: forget(self.room.writer, no))
            if not gone:
                raise _unknown("calibration", no)
            await self.note()
            return self.reply({"ok": True})
        probe_id, points = probe_field(data), _points(data.get("points"))
        from_ms = int_field(data, "from_ms", 0, EVER_MS, default=now_ms())
        note = data.get("note", "")
        if not isinstance(note, str) or len(note) > 500:
            raise bad("bad_note", f"note is {short(note)}.", "Send note as text of up to 500 characters, or leave it out.")
        await self.room.questions.call(lambda: calibrate(self.room.writer, probe_id, points, from_ms, note))
        await self.note()
        self.reply({"ok": True})


class Calibrations(ApiHandler):
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


def _points(value: object) -> list[tuple[float, float]]:
    if not isinstance(value, list) or len(value) > 1000 or not all(_is_pair(pair) for pair in value):
        remedy = "Send points as a list of [shown, true] pairs in °C, such as [[0.2, 0.0], [99.1, 100.0]]; an empty list ends a correction."
        raise bad("bad_points", f"points is {short(value)}.", remedy)
    return [(float(shown), float(true)) for shown, true in value]


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(type(one) in (int, float) and abs(one) <= MOST_C for one in pair)


def _unknown(what: str, no: int) -> Exception:
    return bad(f"unknown_{what}", f"There is no {what} with the number {no}.", f"Use a number from /api/{what}s.", 404)
