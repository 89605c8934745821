"""Alarms and rules through the API: made, tried out, answered, and kept in the log of changes."""

import json
from typing import Any

import pytest

from support.endpoint import Hub
from temphub_kernel.alarms import Rule, Transition, life
from temphub_kernel.core.clock import MINUTE_MS, now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import change

FRIDGE = {"kind": "above", "limit_c": 8, "delay_min": 30, "probes": ["fridge"]}


@pytest.fixture
def known(hub: Hub) -> Hub:
    """A hub that knows the probe `fridge`."""
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 4, "probe_id": "fridge"})[0] == 200
    return hub


def told(hub: Hub, path: str, body: Any) -> dict[str, Any]:
    status, answer = hub.ask("POST", path, body)
    assert status == 200, answer
    return dict(answer)


def fires(hub: Hub, **more: Any) -> int:
    """An alarm of a rule for the fridge; its number."""
    no = told(hub, "/api/rules", {"rule": {**FRIDGE, **more}})["number"]
    rule, at_ms = Rule.from_json({**FRIDGE, **more}, no=no), now_ms()
    active = Transition(no, 1, "active", at_ms, at_ms - 30 * MINUTE_MS, 9.3, 9.9, at_ms - MINUTE_MS)
    change(hub.writer, lambda book: life.take(book, [active], {no: rule}, ("boss",), at_ms))
    return int(hub.ask("GET", "/api/alarms")[1]["alarms"][0]["number"])


def ends(hub: Hub, rule: int) -> None:
    at_ms = now_ms()
    cleared = Transition(rule, 1, "cleared", at_ms, at_ms - 35 * MINUTE_MS, 5.0, 9.9, at_ms - MINUTE_MS)
    change(hub.writer, lambda book: life.take(book, [cleared], {}, (), at_ms))


def test_an_alarm_is_answered(known: Hub) -> None:
    """Listed live first with place, value and limit; acknowledged, commented, acted upon and closed, by whom
    is kept with each step."""
    no = fires(known, name="Fridge too warm", require_action=True)
    (alarm,) = known.ask("GET", "/api/alarms?state=live")[1]["alarms"]
    assert (alarm["text"], alarm["probe_id"], alarm["state"], alarm["worst_c"]) == (
        "fridge: 9.3 °C, above 8 °C",
        "fridge",
        "active",
        9.9,
    )
    assert known.ask("POST", "/api/alarms/close", {"number": no})[1]["error"] == "still_active"
    assert told(known, "/api/alarms/acknowledge", {"number": no, "by": "Anna", "comment": "closed the door"})[
        "acknowledged"
    ]
    ends(known, alarm["rule"])
    assert known.ask("POST", "/api/alarms/close", {"number": no})[1]["error"] == "action_required"
    answer = told(known, "/api/alarms/act", {"number": no, "action": "Checked the goods"})
    assert answer == {"ok": True, "number": no, "state": "cleared", "live": False, "acknowledged": True}
    told(known, "/api/alarms/comment", {"number": no, "text": "all well"})
    (alarm,) = known.ask("GET", "/api/alarms?probe=fridge&state=closed")[1]["alarms"]
    happened = [(event["what"], event["by"]) for event in alarm["events"]]
    anyone = "anyone 127.0.0.1"
    assert happened == [
        ("fired", ""),
        ("acknowledged", "Anna"),
        ("cleared", ""),
        ("acted", anyone),
        ("closed", anyone),
        ("commented", anyone),
    ]
    assert not known.ask("GET", "/api/alarms?state=live")[1]["alarms"]
    log = [
        json.loads(line)
        for line in (known.settings.data_dir / "temphub_changes.log").read_text().splitlines()
    ]
    assert [line["what"] for line in log][-3:] == [
        "/api/alarms/acknowledge",
        "/api/alarms/act",
        "/api/alarms/comment",
    ]


def test_what_nobody_acknowledged_stays_in_sight(known: Hub) -> None:
    """An alarm that was over long ago is listed until somebody acknowledges it; a range that is asked for has
    its own alone."""
    over = {
        "cause": "above",
        "severity": "warning",
        "since_ms": 10**9,
        "fired_ms": 10**9,
        "cleared_ms": 10**9 + 1,
        "probe": 1,
        "rule": 1,
    }
    no = change(known.writer, lambda book: book.open(**over))
    assert [alarm["number"] for alarm in known.ask("GET", "/api/alarms?probe=fridge")[1]["alarms"]] == [no]
    assert known.ask("GET", "/api/alarms?from=2026-01-01")[1]["alarms"] == []
    told(known, "/api/alarms/acknowledge", {"number": no})
    assert known.ask("GET", "/api/alarms")[1]["alarms"] == []


def test_alarms_are_exported_as_csv(known: Hub) -> None:
    """A range of alarms comes as a CSV with a line an alarm, and what a person wrote is no formula in it."""
    no = fires(known)
    told(known, "/api/alarms/acknowledge", {"number": no, "by": "Anna", "comment": "=1+1, closed"})
    head, line = known.ask("GET", "/api/alarms?format=csv&probe=fridge&from=2020-01-01")[1].splitlines()
    assert head.startswith("number,probe_id,name,severity") and line.startswith(
        f"{no},fridge,,warning,above,8.0,"
    )
    assert ',Anna,"\'=1+1, closed",' in line
    assert known.ask("GET", "/api/alarms?format=pdf")[1]["error"] == "bad_format"


def test_alarms_are_found_by_what_is_said_of_them(known: Hub) -> None:
    """By severity, group, and a word of rule, place or comment in whatever case, alone and together."""
    told(known, "/api/describe", {"probe_id": "fridge", "group": "Kitchen"})
    first = fires(known, name="Cold room", severity="critical")
    second = fires(known, name="Drawer")
    told(known, "/api/alarms/acknowledge", {"number": first, "comment": "closed the DOOR"})

    def found(query: str) -> list[int]:
        status, answer = known.ask("GET", f"/api/alarms?{query}")
        assert status == 200, answer
        return sorted(one["number"] for one in answer["alarms"])

    assert found("severity=critical") == found("text=door") == found("text=cold%20ROOM") == [first]
    assert found("group=Kitchen") == found("text=above%208") == [first, second]
    assert found("group=Cellar") == found("text=door&severity=warning") == []


def test_a_mute_is_shown_and_ended(known: Hub) -> None:
    """A mute or maintenance stands in the list with its end, and can be ended before."""
    first = told(
        known, "/api/alarms/mute", {"probe_id": "fridge", "minutes": 60, "by": "Anna", "note": "cleaning"}
    )["number"]
    told(known, "/api/alarms/maintenance", {"minutes": 5})
    mutes = known.ask("GET", "/api/alarms")[1]["mutes"]
    assert [(one["kind"], one["probe_id"], one["by"]) for one in mutes] == [
        ("mute", "fridge", "Anna"),
        ("maintenance", "", "anyone 127.0.0.1"),
    ]
    told(known, "/api/alarms/unmute", {"number": first})
    assert [one["kind"] for one in known.ask("GET", "/api/alarms")[1]["mutes"]] == ["maintenance"]
    assert known.ask("POST", "/api/alarms/unmute", {"number": first})[1]["error"] == "unknown_mute"


def test_rules_are_made_changed_and_deleted(known: Hub) -> None:
    """A rule comes back as it was sent; changed, switched off and deleted it is as said, and by whom."""
    no = told(known, "/api/rules", {"rule": FRIDGE, "by": "Anna"})["number"]
    (kept,) = known.ask("GET", "/api/rules")[1]["rules"]
    assert (
        kept["number"] == no
        and kept["by"] == "Anna"
        and FRIDGE.items() <= kept["rule"].items()
        and kept["rule"]["enabled"]
    )
    told(known, "/api/rules", {"number": no, "rule": {**FRIDGE, "limit_c": 7}})
    told(known, "/api/rules", {"number": no, "enabled": False})
    (kept,) = known.ask("GET", "/api/rules")[1]["rules"]
    assert (kept["rule"]["limit_c"], kept["rule"]["enabled"]) == (7, False)
    told(known, "/api/rules", {"delete": no})
    assert known.ask("GET", "/api/rules")[1]["rules"] == []
    assert known.ask("POST", "/api/rules", {"delete": no})[1]["error"] == "unknown_rule"


@pytest.mark.parametrize(
    ("path", "body", "code", "status"),
    [
        ("/api/rules", {"rule": {"kind": "above"}}, "bad_rule", 400),
        ("/api/rules", {"rule": [1]}, "bad_rule", 400),
        ("/api/rules", {"number": 1}, "bad_enabled", 400),
        ("/api/rules", {"number": 9, "enabled": True}, "unknown_rule", 404),
        ("/api/rules/from-set", {"set": "sauna", "probes": ["fridge"]}, "bad_set", 400),
        ("/api/rules/from-set", {"set": "freezer", "probes": ["nobody"]}, "unknown_probe", 404),
        ("/api/rules/from-set", {"set": "freezer"}, "bad_probes", 400),
        ("/api/rules/preview", {"rule": FRIDGE, "days": 0}, "bad_days", 400),
        ("/api/rules/preview", {"rule": {"kind": "silent"}}, "no_preview", 400),
        ("/api/alarms/acknowledge", {"number": 5}, "unknown_alarm", 404),
        ("/api/alarms/acknowledge", {}, "bad_number", 400),
        ("/api/alarms/act", {"number": 1, "action": " "}, "bad_action", 400),
        ("/api/alarms/mute", {"minutes": 10**7}, "bad_minutes", 400),
        ("/api/alarms/mute", {"minutes": 5, "probe_id": "nobody"}, "unknown_probe", 404),
        ("/api/alarms/mute", {"minutes": 5, "rule": 7}, "unknown_rule", 404),
    ],
)
def test_what_is_refused(known: Hub, path: str, body: dict[str, Any], code: str, status: int) -> None:
    """What cannot be meant is refused by name, with the way out."""
    answer = known.ask("POST", path, body)
    assert (answer[0], answer[1]["error"]) == (status, code) and answer[1]["remedy"]


@pytest.mark.parametrize(
    "query", ["state=nothing", "severity=cold", "probe=a%20b", "from=yesterday", "from=5&to=4"]
)
def test_questions_that_are_refused(known: Hub, query: str) -> None:
    """A filter that means nothing is refused with what may be sent."""
    assert known.ask("GET", f"/api/alarms?{query}")[0] == 400


def test_a_ready_made_set_twice_is_once(known: Hub) -> None:
    """Two taps give a place its rules, silence among them; a third tap makes no second ones."""
    sets = {one["name"]: one for one in known.ask("GET", "/api/rules/sets")[1]["sets"]}
    first = told(known, "/api/rules/from-set", {"set": "refrigerator", "probes": ["fridge"]})
    assert first["made"] == len(sets["refrigerator"]["rules"]) == len(first["numbers"])
    again = told(known, "/api/rules/from-set", {"set": "refrigerator", "probes": ["fridge"]})
    assert again == {**first, "made": 0}
    rules = [one["rule"] for one in known.ask("GET", "/api/rules")[1]["rules"]]
    assert {rule["kind"] for rule in rules} == {"above", "below", "silent"} and all(
        rule["probes"] == ["fridge"] for rule in rules
    )


def test_what_would_have_fired_is_shown_before(known: Hub) -> None:
    """A rule that is not kept yet is tried on the last days: how many alarms, and the longest."""
    start = now_ms() - 300 * MINUTE_MS
    warm = {*range(50, 92), *range(150, 155), *range(200, 235)}
    values = [9.0 if minute in warm else 4.0 for minute in range(280)]
    known.writer.store(
        [
            Row("fridge", None, None, start + n * MINUTE_MS, start + n * MINUTE_MS, round(c * 1e7), None)
            for n, c in enumerate(values)
        ]
    )
    rule = {**FRIDGE, "recovery_min": 0}
    answer = told(known, "/api/rules/preview", {"rule": rule, "days": 30})
    assert (answer["alarms"], answer["text"], answer["longest_min"]) == (
        2,
        "2 alarms, the longest 42 min",
        42.0,
    )
    assert [one["worst_c"] for one in answer["excursions"]] == [9.0, 9.0]
    assert told(known, "/api/rules/preview", {"rule": {**rule, "limit_c": 10}})["text"] == "no alarm"
    assert known.ask("GET", "/api/rules")[1]["rules"] == []


def test_changes_need_what_other_changes_need(make_hub: Any) -> None:
    """With SERVER_TOKEN set nobody acknowledges, mutes or makes a rule without it."""
    hub = make_hub(token="secret")
    for path in (
        "/api/rules",
        "/api/rules/from-set",
        "/api/rules/preview",
        "/api/alarms/acknowledge",
        "/api/alarms/mute",
        "/api/alarms/unmute",
    ):
        assert hub.ask("POST", path, {"number": 1, "rule": FRIDGE})[0] == 401, path
    assert hub.ask("POST", "/api/rules", {"rule": FRIDGE, "token": "secret"})[0] == 200


def test_a_program_is_told_how_each_probe_does(known: Hub) -> None:
    """In the page's own words and order: fine, and too warm with its time where an alarm goes on."""

    def standing() -> dict[str, Any]:
        return dict(known.ask("GET", "/api/probes")[1]["probes"][0]["standing"])

    assert standing() == {"state": "fine", "level": "fine", "since": None, "until": None, "limit_c": None}
    assert known.ask("POST", "/api/ingest", {"temperature_c": 9.5, "probe_id": "fridge"})[0] == 200
    fires(known, severity="critical")
    found = standing()
    assert (found["state"], found["level"], found["limit_c"]) == ("too_warm", "critical", 8.0)
    assert found["since"] is not None


def test_seeing_what_was_never_silent_is_harmless(known: Hub) -> None:
    """Two people may press at once; nothing is kept of the second."""
    assert told(known, "/api/seen", {"probe_id": "fridge"}) == {"ok": True, "seen": False}
