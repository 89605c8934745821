"""History that was brought in from elsewhere by `temphub import`. Endpoint thread only."""

from ...core import iso_utc
from ...journal import register, undo_import
from .. import base, schemas
from .annotations import MOST_NO

MOST_FOLDER = 100


class TakeIn(base.ApiHandler):
    """`POST /api/import`: takes in what `temphub import` wrote beside the journal; with `undo` the number of
    one to take back."""

    async def post(self) -> None:
        data, writer = self.body(), self.room.writer
        if "undo" in data:
            no = schemas.int_field(data, "undo", 1, MOST_NO, required=True)
            await self.room.questions.call(lambda: undo_import(writer, no))
        else:
            folder = data.get("folder")
            if not isinstance(folder, str) or not 1 <= len(folder) <= MOST_FOLDER:
                raise schemas.bad(
                    "bad_import",
                    f"folder is {schemas.short(folder)}, so nothing was taken in.",
                    "Run `temphub import FILE` on the hub's computer, or send undo with a number from "
                    "/api/imports.",
                )
            no = await self.room.questions.call(lambda: register(writer, folder))
        await self.note()
        self.reply({"ok": True, "number": no})


class Imports(base.ApiHandler):
    """`GET /api/imports`: each import, by number; those that were taken back as well."""

    async def get(self) -> None:
        found = await self.room.questions.ask(lambda reader: reader.imports())
        listed = [
            {
                "number": one.no,
                "name": one.name,
                "form": one.form,
                "sha256": one.sha256,
                "readings": one.readings,
                "from": iso_utc(one.oldest_ms),
                "to": iso_utc(one.newest_ms),
                "made": iso_utc(one.made_ms),
                "undone": iso_utc(one.undone_ms) if one.undone_ms else None,
                "probes": dict(one.probes),
            }
            for one in found
        ]
        self.reply({"ok": True, "imports": listed})
