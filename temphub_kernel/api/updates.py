"""Updates over the air: the list of files, the files, and telling a probe to fetch them. Endpoint thread only."""

from .fields import probe_field
from .handlers import ApiHandler
from .validate import bad, short


class Manifest(ApiHandler):
    """`GET /api/firmware/manifest`; `?format=mpy` for a board."""

    async def get(self) -> None:
        form = self.get_query_argument("format", "") or "py"
        if form not in ("py", "mpy"):
            raise bad("bad_format", f"format is {short(form)}.", "Use mpy for a board, py for a virtual probe.")
        board = form == "mpy"
        self.reply((await self.room.questions.call(lambda: self.room.firmware.snapshot(board=board))).manifest)


class File(ApiHandler):
    """`GET /api/firmware/file?name=…`: only names in the manifest."""

    async def get(self) -> None:
        name = self.get_query_argument("name", "")
        data = await self.room.questions.call(lambda: self.room.firmware.file(name))
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(data)


class Update(ApiHandler):
    """`POST /api/update`: has one probe fetch this hub's firmware."""

    async def post(self) -> None:
        probe_id = probe_field(self.body())
        version = (await self.room.questions.call(self.room.firmware.snapshot)).version
        device = await self.device(probe_id)
        answer = await self.room.questions.talk(device, lambda: self.room.desk.update(device, self._sha256))
        await self.note()
        self.reply({"ok": True, "probe_id": probe_id, "version": version, **answer})

    def _sha256(self, board: bool) -> str:
        return str(self.room.firmware.snapshot(board=board).manifest["sha256"])
