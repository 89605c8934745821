"""`GET /api/doctor`: what `temphub doctor` says of this computer, for the page. Endpoint thread; examined in a process of its own.

An examination measures the disk, reads the whole journal, sends on the network and asks every probe: one at a time, below the
hub's own priority. Whoever asks meanwhile or at once again is given the same answer, a bounded number of them.
"""

from ..base import ApiHandler


class Doctor(ApiHandler):
    """`GET /api/doctor`"""

    async def get(self) -> None:
        await self.hold()
        self.reply({"ok": True, **await self.room.examinations.latest(self.request.remote_ip or "")})
