"""Which probes there are, and what they are called: named, found by their light, removed, expected, merged.
Endpoint thread only."""

from typing import Any

from ...core import is_probe_id
from ...journal import check_common, describe, merge, remove, restore, unmerge
from .. import base, schemas
from .probes import transients

MOST_IDS = 1_000
MOST_EXPECTED = 100_000
DESCRIBED = ("alias", "place", "hidden", "group", "note", "power_on_counts")


class Describe(base.ApiHandler):
    """`POST /api/describe`: a person's name for a probe, its group, place, note, that it is hidden, or that
    its 85 °C count."""

    async def post(self) -> None:
        data = self.body()
        probe_id = schemas.probe_field(data)
        said = {
            name: schemas.whole(value) for name, value in data.items() if name not in ("probe_id", "token")
        }
        unknown = next((name for name in said if name not in DESCRIBED), None)
        if unknown is not None:
            # Without the name in the code: codes are ours, and few.
            raise schemas.bad(
                "bad_field",
                f"{schemas.short(unknown)} says nothing of a probe.",
                f"Send {', '.join(DESCRIBED)}.",
            )
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


class Seen(base.ApiHandler):
    """`POST /api/seen`: somebody has seen that a probe was silent; without a rule that is kept until then."""

    async def post(self) -> None:
        probe_id = schemas.probe_field(self.body())
        seen = await self.room.questions.call(lambda: self.room.desk.seen(probe_id))
        if seen:
            await self.note()
        self.reply({"ok": True, "seen": seen})


class Remove(base.ApiHandler):
    """`POST /api/remove`: takes a probe, or several, off every list; their readings are kept. With `restore:
    true` they come back.

    With `unnamed: true` instead of ids those go that came once or a few times and did not come back.
    """

    async def post(self) -> None:
        data = self.body()
        unnamed, back = data.get("unnamed", False), data.get("restore", False)
        if not isinstance(back, bool):
            raise schemas.bad(
                "bad_restore",
                f"restore is {schemas.short(back)}.",
                "Send true to bring the probe back, or leave it out.",
            )
        if not isinstance(unnamed, bool) or (unnamed and (back or "probe_id" in data or "probe_ids" in data)):
            remedy = (
                "Send unnamed: true alone, to remove the ids that came once or a few times, or the ids "
                "that you mean."
            )
            raise schemas.bad(
                "bad_unnamed", f"unnamed is {schemas.short(unnamed)} beside other fields.", remedy
            )
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
    """`POST /api/merge`: a probe's readings count as another one's, those to come as well; with `undo: true`
    it stands for itself again."""

    async def post(self) -> None:
        data = self.body()
        probe_id, undone, overlap = (
            schemas.probe_field(data),
            data.get("undo", False),
            data.get("overlap", False),
        )
        for name, value in (("undo", undone), ("overlap", overlap)):
            if not isinstance(value, bool):
                raise schemas.bad(
                    f"bad_{name}",
                    f"{name} is {schemas.short(value)}.",
                    "Send true or false, or leave it out.",
                )
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
    if (
        not isinstance(given, list)
        or not 1 <= len(given) <= MOST_IDS
        or not all(is_probe_id(one) for one in given)
    ):
        remedy = f"Send probe_ids as a list of 1 to {MOST_IDS} ids in /api/probes."
        raise schemas.bad(
            "bad_probe_ids", f"probe_ids is {schemas.short(given)}, which names no probes.", remedy
        )
    return given
