"""The ways out by which alarms are told. Endpoint thread only; what is sent or looked at is a talk like those
with probes.

Who may change something may change these. An address is taken and never given out again: not in an answer, an
error or the log of changes.
"""

from typing import Any

from ...alarms import Channel, checked_name
from ...core import Forbidden, is_here, leads_here
from ...journal import Outbox
from ..base import ApiHandler

# However many people test: so many at once, as with a device.
TALK = "A channel"
NOTHING = Outbox(0, 0, "")


class ChannelList(ApiHandler):
    """`GET` and `POST /api/channels`."""

    async def get(self) -> None:
        found = self.room.desk.channels.all()
        outbox = await self.room.questions.ask(lambda reader: reader.outbox())
        self.reply(
            {"ok": True, "channels": [channel_json(one, outbox.get(one.name, NOTHING)) for one in found]}
        )

    async def post(self) -> None:
        """`name` and `url` add one or take its place; `remove` has the name of one to go."""
        data, channels = self.body(), self.room.desk.channels
        if "remove" in data:
            gone = checked_name(data["remove"])
            await self.room.questions.call(lambda: channels.remove(gone))
            await self.note()
            return self.reply({"ok": True, "name": gone})
        name, url = data.get("name"), data.get("url")
        found = await self.room.questions.talk(TALK, lambda: channels.look(name, url))
        await self._check_place(found.host)
        channel = await self.room.questions.call(
            lambda: channels.add(checked_name(name), str(url).strip(), found)
        )
        self._said = {**data, "url": channel.shown}
        await self.note()
        self.reply({"ok": True, "name": channel.name, "kind": channel.kind, "shown": channel.shown})

    async def _check_place(self, host: str) -> None:
        """A stranger who may write because nothing is locked must not have this computer talk with itself for
        him."""
        address, by, _ = self._visitor()
        if (
            by == "anyone"
            and host
            and not is_here(address)
            and await self.room.questions.call(lambda: leads_here(host))
        ):
            raise Forbidden(
                "The address leads to the hub's own computer, and it came from another one without a login "
                "or token, so it was not kept.",
                "Add it on the hub's own computer, or set UI_PASSWORD or SERVER_TOKEN.",
                code="leads_here",
            )


class TestChannel(ApiHandler):
    """`POST /api/channels/test`: sends something now, and answers when it was taken."""

    async def post(self) -> None:
        name = checked_name(self.body().get("name"))
        channel = await self.room.questions.talk(TALK, lambda: self.room.desk.channels.test(name))
        await self.note()
        told = f"{channel.kind} took the test by {name}. Look whether it arrived."
        self.reply({"ok": True, "name": name, "told": told})


def channel_json(channel: Channel, outbox: Outbox) -> dict[str, Any]:
    """One, without its secrets, and what waits for it."""
    about = {"name": channel.name, "kind": channel.kind, "shown": channel.shown}
    return {**about, "waiting": outbox.waiting, "failing": outbox.failing, "problem": outbox.problem}
