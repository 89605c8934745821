"""Alarms: which there are, and what people do about them. Endpoint thread; the journal is asked and told in
others."""

from collections.abc import Callable
from typing import Any

from ...alarms import SEVERITIES, STATES, Asked, alarms_csv, alarms_json, life
from ...core import DAY_MS, MINUTE_MS, now_ms
from ...journal import Alarm
from .. import base, schemas
from .annotations import MOST_NO, note_field

DAYS = 30
MOST_LINES = 100_000
MOST_SOUGHT = 200
LONGEST_MIN = life.LONGEST_MUTE_MS // MINUTE_MS


class AlarmList(base.ApiHandler):
    """`GET /api/alarms`: those of the last 30 days and all live ones, or of a range, a probe, a state."""

    async def get(self) -> None:
        now, form = now_ms(), self.choice("format", ("json", "csv"))
        asked = self._asked(now)
        if form == "json":
            return self.reply(await self.room.questions.ask(lambda reader: alarms_json(reader, asked, now)))
        asked = asked._replace(most=MOST_LINES)
        told = await self.room.questions.ask(lambda reader: alarms_csv(alarms_json(reader, asked, now)))
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="temphub-alarms.csv"')
        self.finish(told)

    def _asked(self, now: int) -> Asked:
        state = self.choice("state", ("", *STATES), f"Send one of {', '.join(STATES)}, or leave it out.")
        probe_id = self.query("probe") or None
        if probe_id is not None:
            schemas.checked_id("probe", probe_id, remedy="Use an id from /api/probes, or leave it out.")
        severity = self.choice(
            "severity", ("", *SEVERITIES), f"Send one of {', '.join(SEVERITIES)}, or leave it out."
        )
        group, text = self.query("group"), self.query("text")[:MOST_SOUGHT]
        open_ended = not any(self.query(name).strip() for name in ("from", "to"))
        asked = Asked(*self.time_range(now, DAYS * DAY_MS), open_ended, probe_id, state)
        return asked._replace(severity=severity, group=group, text=text)


class _Step(base.ApiHandler):
    """Something that a person does about an alarm, `number`."""

    async def done(self, step: Callable[[int, str], Alarm]) -> None:
        """Do it, keep it in the log of changes, and answer how the alarm is now."""
        no, by = schemas.int_field(self._said, "number", 1, MOST_NO, required=True), who(self)
        alarm = await self.room.questions.call(lambda: step(no, by))
        await self.note()
        self.reply(
            {
                "ok": True,
                "number": no,
                "state": alarm.state,
                "live": alarm.live,
                "acknowledged": bool(alarm.acked_ms),
            }
        )


class Acknowledge(_Step):
    """`POST /api/alarms/acknowledge`: somebody takes care; nobody else is told any more."""

    async def post(self) -> None:
        comment = said(self.body(), "comment")
        await self.done(lambda no, by: life.acknowledge(self.room.writer, no, by, comment))


class Comment(_Step):
    """`POST /api/alarms/comment`"""

    async def post(self) -> None:
        text = said(self.body(), "text", required=True)
        await self.done(lambda no, by: life.comment(self.room.writer, no, by, text))


class Act(_Step):
    """`POST /api/alarms/act`: what was done about it, the corrective action."""

    async def post(self) -> None:
        action = said(self.body(), "action", required=True)
        await self.done(lambda no, by: life.act(self.room.writer, no, by, action))


class Close(_Step):
    """`POST /api/alarms/close`: an alarm that is over."""

    async def post(self) -> None:
        comment = said(self.body(), "comment")
        await self.done(lambda no, by: life.close(self.room.writer, no, by, comment))


class Mute(base.ApiHandler):
    """`POST /api/alarms/mute`: nobody is told until an end: of a rule, a probe, a group, or of all."""

    maintenance = False

    async def post(self) -> None:
        data = self.body()
        # null is no way to say all: a program that does not know its probe would silence every other one.
        rule = schemas.int_field(data, "rule", 1, MOST_NO)
        probe_id = schemas.probe_field(data) if "probe_id" in data else ""
        where = life.Where(rule, probe_id, said(data, "group", most=64))
        until_ms, note, by = _until(data), note_field(data), who(self)
        no = await self.room.questions.call(
            lambda: life.mute(self.room.writer, where, until_ms, by, note, maintenance=self.maintenance)
        )
        await self.note()
        self.reply({"ok": True, "number": no})


class Maintenance(Mute):
    """`POST /api/alarms/maintenance`: the same, and what happens meanwhile needs nobody's acknowledgement."""

    maintenance = True


class Unmute(base.ApiHandler):
    """`POST /api/alarms/unmute`: ends one now."""

    async def post(self) -> None:
        no, by = schemas.int_field(self.body(), "number", 1, MOST_NO, required=True), who(self)
        await self.room.questions.call(lambda: life.unmute(self.room.writer, no, by))
        await self.note()
        self.reply({"ok": True})


def who(handler: base.ApiHandler) -> str:
    """Who does it: the name that was sent as `by`, else by what it was allowed. Raises TempHubError (400)."""
    by = said(handler.said, "by", most=life.MOST_BY)
    # Also where nothing is kept of it, such as in a set that is there already.
    life.check_by(handler.said.get("by", ""))
    return by or handler.shown_by


def said(data: dict[str, Any], name: str, *, most: int = life.MOST_TEXT, required: bool = False) -> str:
    """A text of a person. Raises TempHubError (400)."""
    value = data.get(name, "")
    if not isinstance(value, str) or len(value) > most or (required and not value.strip()):
        raise schemas.bad(
            f"bad_{name}",
            f"{name} is {schemas.short(value)}, which cannot be kept.",
            f"Send {name} as text of up to {most} characters.",
        )
    return value.strip()


def _until(data: dict[str, Any]) -> int:
    """`minutes` from now. Raises TempHubError (400)."""
    return now_ms() + schemas.int_field(data, "minutes", 1, LONGEST_MIN, required=True) * MINUTE_MS
