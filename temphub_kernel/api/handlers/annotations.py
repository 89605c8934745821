"""What people say of readings: remarks, and what no longer counts. Endpoint thread only."""

from typing import Any

from ...core import EVER_MS, NotFound, iso_utc
from ...journal import annotate, erase, strike_out, undo
from .. import base, schemas

MOST_NO = 2**53


class Annotate(base.ApiHandler):
    """`POST /api/annotate`: a remark on a moment or range; with `erase` the number of one to take back."""

    async def post(self) -> None:
        data = self.body()
        if "erase" in data:
            no = schemas.int_field(data, "erase", 1, MOST_NO, required=True)
            gone = await self.room.questions.call(lambda: erase(self.room.writer, no))
            if not gone:
                raise unknown("annotation", no)
            await self.note()
            return self.reply({"ok": True, "number": no})
        from_ms = schemas.int_field(data, "from_ms", 0, EVER_MS, required=True)
        to_ms = schemas.int_field(data, "to_ms", 0, EVER_MS, default=from_ms)
        probe_id = schemas.probe_field(data) if data.get("probe_id") is not None else None
        # What is no text is refused there, in words.
        text: Any = data.get("text")
        no = await self.room.questions.call(
            lambda: annotate(self.room.writer, from_ms, to_ms, text, probe_id)
        )
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


class StrikeOut(base.ApiHandler):
    """`POST /api/strike-out`: a probe's readings of a time no longer count, and are kept; with `undo` the
    number of one to take back."""

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
        no = await self.room.questions.call(
            lambda: strike_out(self.room.writer, probe_id, from_ms, to_ms, note)
        )
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


def note_field(data: dict[str, Any]) -> str:
    """`note`: a remark, empty when left out. Raises TempHubError (400)."""
    note = data.get("note", "")
    if not isinstance(note, str) or len(note) > 500:
        raise schemas.bad(
            "bad_note",
            f"note is {schemas.short(note)}.",
            "Send note as text of up to 500 characters, or leave it out.",
        )
    return note


def unknown(what: str, no: int) -> NotFound:
    """Nothing of the kind has that number; what: as in /api/<what>s."""
    return NotFound(
        f"There is no {what} with the number {no}.",
        f"Use a number from /api/{what}s.",
        code=f"unknown_{what}",
    )
