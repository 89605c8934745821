"""The rules by which alarms are given: made, changed, tried out. Endpoint thread; the journal is asked and
told in others."""

import math
from typing import Any

from ...alarms import MOST_DAYS, SETS, Rule, preview, preview_json, rule_json
from ...core import NotFound, TempHubError, is_probe_id, now_ms
from ...journal import add_rules, change_rule, remove_rule
from .. import base, schemas
from . import alarms, annotations

MOST_IDS = 1_000


class Rules(base.ApiHandler):
    """`GET` and `POST /api/rules`."""

    async def get(self) -> None:
        found = await self.room.questions.ask(lambda reader: reader.rules())
        self.reply({"ok": True, "rules": [rule_json(rule) for rule in found]})

    async def post(self) -> None:
        """`rule` alone makes one, with `number` it takes that one's place; `enabled` switches it; `delete`
        has the number of one to go."""
        data, writer = self.body(), self.room.writer
        by = alarms.who(self)
        if "delete" in data:
            no = schemas.int_field(data, "delete", 1, annotations.MOST_NO, required=True)
            await self.room.questions.call(lambda: remove_rule(writer, no, by))
        elif "number" in data:
            no, enabled = (
                schemas.int_field(data, "number", 1, annotations.MOST_NO, required=True),
                data.get("enabled"),
            )
            if (enabled is not None and not isinstance(enabled, bool)) or (
                enabled is None and "rule" not in data
            ):
                raise schemas.bad(
                    "bad_enabled",
                    f"enabled is {schemas.short(enabled)}.",
                    "Send true or false, a rule, or both.",
                )
            body = None
            if "rule" in data:
                body, told = _kept(data["rule"], no)
                enabled = told if enabled is None else enabled
            await self.room.questions.call(lambda: change_rule(writer, no, by, body=body, enabled=enabled))
        else:
            body, on = _kept(data.get("rule"))
            (no,) = await self.room.questions.call(lambda: add_rules(writer, [body], by, enabled=on))
        await self.note()
        self.reply({"ok": True, "number": no})


class RuleSets(base.ApiHandler):
    """`GET /api/rules/sets`: ready-made rules to start from."""

    def get(self) -> None:
        sets = [
            {"name": name, "title": one.title, "rules": [rule.to_json() for rule in one.rules]}
            for name, one in SETS.items()
        ]
        self.reply({"ok": True, "sets": sets})


class FromSet(base.ApiHandler):
    """`POST /api/rules/from-set`: the rules of a ready-made set for some probes or a group. Twice is once."""

    async def post(self) -> None:
        data, writer = self.body(), self.room.writer
        name, group, ids, by = (
            data.get("set"),
            alarms.said(data, "group", most=64),
            _ids(data),
            alarms.who(self),
        )
        if not isinstance(name, str) or name not in SETS:
            raise schemas.bad("bad_set", f"set is {schemas.short(name)}.", f"Send one of {', '.join(SETS)}.")
        if bool(group) == bool(ids):
            raise schemas.bad(
                "bad_probes",
                "Either probes or a group has to be named, and only one of them.",
                "Send probes, or group.",
            )
        known = await self.room.questions.ask(lambda reader: {one["id"] for one in reader.probes()})
        if unknown := [one for one in ids if one not in known]:
            raise NotFound(
                f"No probe {unknown[0]!r} is known, so no rule was made.",
                "Use ids in /api/probes.",
                code="unknown_probe",
            )
        place: dict[str, Any] = {"group": group} if group else {"probes": ids}
        wanted = [_kept({**rule.to_json(), **place})[0] for rule in SETS[name].rules]
        there = {
            repr(rule.body): rule.no for rule in await self.room.questions.ask(lambda reader: reader.rules())
        }
        new = [body for body in wanted if repr(body) not in there]
        made = await self.room.questions.call(lambda: add_rules(writer, new, by)) if new else []
        there.update({repr(body): no for body, no in zip(new, made, strict=True)})
        await self.note()
        self.reply({"ok": True, "numbers": [there[repr(body)] for body in wanted], "made": len(new)})


class PreviewRule(base.ApiHandler):
    """`POST /api/rules/preview`: what a rule would have told of the last days."""

    async def post(self) -> None:
        data = self.body()
        rule, days = Rule.from_json(data.get("rule")), data.get("days", 30)
        if type(days) not in (int, float) or not math.isfinite(days) or not 0 < days <= MOST_DAYS:
            raise schemas.bad(
                "bad_days",
                f"days is {schemas.short(days)}.",
                f"Send days as a number above 0, up to {MOST_DAYS}.",
            )
        self.reply(
            preview_json(await self.room.questions.ask(lambda reader: preview(reader, rule, days, now_ms())))
        )


def _kept(data: object, no: int = 0) -> tuple[dict[str, Any], bool]:
    """(a rule as it is kept, whether it is switched on). Raises TempHubError (400)."""
    rule = Rule.from_json(data, no=no)
    body = rule.to_json()
    return body, bool(body.pop("enabled", True))


def _ids(data: dict[str, Any]) -> list[str]:
    given = data.get("probes", [])
    if not isinstance(given, list) or len(given) > MOST_IDS or not all(is_probe_id(one) for one in given):
        raise _no_ids(given)
    return list(dict.fromkeys(given))


def _no_ids(given: object) -> TempHubError:
    return schemas.bad(
        "bad_probes",
        f"probes is {schemas.short(given)}.",
        f"Send probes as a list of up to {MOST_IDS} ids in /api/probes.",
    )
