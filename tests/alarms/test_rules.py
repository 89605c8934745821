"""Rules: what is taken, what is refused and how, and what a rule says again as JSON."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from temphub_kernel.alarms import SETS, Rule
from temphub_kernel.alarms.rules import FIELDS, KINDS
from temphub_kernel.core.errors import BadRequest


@pytest.mark.parametrize("name", SETS)
def test_ready_made_sets_are_rules(name):
    """Each set gives rules for a probe that are taken as they are, silence among them."""
    rules = [Rule.from_json(one) for one in SETS[name].for_probes("Fridge-1")]
    assert all(one.probes == ("Fridge-1",) and one.name for one in rules)
    assert any(one.kind == "silent" for one in rules) and any(one.kind in ("above", "below") for one in rules)


def test_the_smallest_rule():
    """A kind and a limit are enough; what is left out does not flap."""
    rule = Rule.from_json({"kind": "above", "limit_c": 8})
    assert (rule.delay_ms, rule.recovery_ms, rule.severity, rule.enabled) == (
        600_000,
        300_000,
        "warning",
        True,
    )
    assert rule.probes == () and rule.group == ""


minutes = st.one_of(st.integers(0, 44_640), st.sampled_from([0.5, 0.1, 2.25]))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text("abc é°−", max_size=20).map(str.strip),
            "delay_min": minutes,
            "recovery_min": minutes,
            "repeat_min": minutes,
            "at_least_min": minutes,
            "intervals": st.integers(1, 1000),
            "severity": st.sampled_from(["warning", "critical"]),
            "channels": st.lists(st.sampled_from(["mail", "chef"]), unique=True),
            "probes": st.lists(st.sampled_from(["A", "Probe-1:x"]), unique=True),
            "zone": st.sampled_from(["local", "UTC", "Europe/Berlin"]),
            "schedule": st.lists(
                st.sampled_from(
                    [
                        {"days": ["mon", "sun"], "from": "08:00", "to": "24:00"},
                        {"days": ["fri"], "from": "22:30", "to": "06:00"},
                    ]
                ),
                max_size=3,
            ),
            "enabled": st.booleans(),
            "require_action": st.booleans(),
        },
    ),
)
def test_json_both_ways(kind, fields):
    """What a rule says as JSON is taken again as the same rule."""
    data: dict[str, Any] = {name: value for name, value in fields.items() if kind in FIELDS[name].kinds}
    if kind in ("above", "below"):
        data["limit_c"] = -18.5
    if kind in ("rise", "fall"):
        data |= {"change_c": 3, "within_min": 10}
    rule = Rule.from_json({"kind": kind, **data}, no=7)
    told = rule.to_json()
    assert Rule.from_json(told, no=7) == rule
    assert all(told[name] == value for name, value in data.items() if value not in ("", []))


LIMIT = {"kind": "above", "limit_c": 8}


def test_a_group_is_called_as_people_call_it():
    """What a group can be called a rule can be for: an emoji of several signs, Persian, any space."""
    for name in ("Küche 👩\u200d🍳", "یخچال\u200cها", "冷蔵庫\u30001", "Halle\u00a02"):
        assert Rule.from_json({**LIMIT, "group": name, "name": name}).to_json()["group"] == name


@pytest.mark.parametrize(
    ("data", "met"),
    [
        ([], "[]"),
        ({}, "kind"),
        ({"kind": "warm"}, "'warm'"),
        ({"kind": ["above"]}, "['above']"),
        ({"kind": "above"}, "limit"),
        ({**LIMIT, "limit_c": "8"}, "'8'"),
        ({**LIMIT, "limit_c": True}, "True"),
        ({**LIMIT, "limit_c": float("nan")}, "nan"),
        ({**LIMIT, "limit_c": 10**400}, "1000"),
        ({**LIMIT, "limit_c": 5000}, "5000"),
        ({**LIMIT, "delay_min": -1}, "-1"),
        ({**LIMIT, "delay_min": 10**9}, "1000000000"),
        ({**LIMIT, "delay_min": float("inf")}, "inf"),
        ({**LIMIT, "recovery_c": 9}, "9"),
        ({"kind": "below", "limit_c": 2, "recovery_c": 1}, "1"),
        ({**LIMIT, "counting": "cumulative", "delay_min": 30, "window_min": 10}, "30"),
        ({**LIMIT, "counting": "cumulative"}, "window_min"),
        ({**LIMIT, "window_min": 10}, "window_min"),
        ({**LIMIT, "change_c": 3}, "change_c"),
        ({**LIMIT, "intervals": 3}, "intervals"),
        ({**LIMIT, "colour": "red"}, "'colour'"),
        ({**LIMIT, "severity": "bad"}, "'bad'"),
        ({**LIMIT, "name": "a\nb"}, "a\\nb"),
        ({**LIMIT, "name": "x" * 1000}, "xxx"),
        ({**LIMIT, "probes": "Fridge"}, "'Fridge'"),
        ({**LIMIT, "probes": ["no id"]}, "'no id'"),
        ({**LIMIT, "probes": ["A"], "group": "B"}, "'B'"),
        ({**LIMIT, "channels": [1]}, "1"),
        ({**LIMIT, "enabled": 1}, "1"),
        ({**LIMIT, "zone": "Europe/Nowhere"}, "Europe/Nowhere"),
        ({**LIMIT, "zone": "../../etc/passwd"}, "passwd"),
        ({**LIMIT, "schedule": "always"}, "'always'"),
        ({**LIMIT, "schedule": [{"days": ["mon"]}]}, "mon"),
        ({**LIMIT, "schedule": [{"days": [], "from": "08:00", "to": "18:00"}]}, "[]"),
        ({**LIMIT, "schedule": [{"days": ["Monday"], "from": "08:00", "to": "18:00"}]}, "Monday"),
        ({**LIMIT, "schedule": [{"days": [["mon"]], "from": "08:00", "to": "18:00"}]}, "mon"),
        ({**LIMIT, "schedule": [{"days": ["mon"], "from": "25:00", "to": "18:00"}]}, "25:00"),
        ({**LIMIT, "schedule": [{"days": ["mon"], "from": 8, "to": "18:00"}]}, "8"),
        ({**LIMIT, "schedule": [{"days": ["mon"], "from": "08:00", "to": "08:00"}]}, "08:00"),
        ({**LIMIT, "escalate_min": 5}, "escalate"),
        ({"kind": "silent", "intervals": 0}, "0"),
        ({"kind": "silent", "intervals": 2.5}, "2.5"),
        ({"kind": "silent", "limit_c": 2}, "limit_c"),
        ({"kind": "rise", "within_min": 10}, "rise"),
        ({"kind": "rise", "change_c": 0, "within_min": 10}, "0"),
    ],
)
def test_what_cannot_be_a_rule(data, met):
    """A wrong value is refused in two sentences: with the value met, and what to give instead."""
    with pytest.raises(BadRequest) as refused:
        Rule.from_json(data)
    assert (
        met in refused.value.problem
        and refused.value.problem.endswith(".")
        and len(refused.value.problem) < 300
    )
    assert refused.value.remedy.split()[0] in ("Give", "Use", "Leave", "Send")


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "on"),
    [
        (at("2026-11-30 07:59"), False),
        (at("2026-11-30 08:00"), True),
        (at("2026-11-30 17:59"), True),
        (at("2026-11-30 18:00"), False),
        (at("2026-12-04 22:00"), True),
        (at("2026-12-05 05:59"), True),
        (at("2026-12-05 06:00"), False),
        (at("2026-12-05 23:00"), False),
        # In summer the same hour on the wall is another one of UTC.
        (at("2026-07-06 08:00"), True),
        (at("2026-07-06 07:59"), False),
    ],
)
def test_hours_of_the_week(moment, on):
    """A rule watches by the clock on the wall of its zone, winter and summer, and over midnight."""
    hours = [
        {"days": ["mon"], "from": "08:00", "to": "18:00"},
        {"days": ["fri"], "from": "22:00", "to": "06:00"},
    ]
    rule = Rule.from_json({**LIMIT, "schedule": hours, "zone": "Europe/Berlin"})
    assert rule.hours().is_on(moment) is on


def test_the_hour_that_comes_twice():
    """In the night when the clock is set back, the hour that comes twice counts both times."""
    rule = Rule.from_json(
        {**LIMIT, "zone": "Europe/Berlin", "schedule": [{"days": ["sun"], "from": "02:00", "to": "03:00"}]}
    )
    hours = rule.hours()
    assert hours.is_on(at("2026-10-25 02:30", fold=0)) and hours.is_on(at("2026-10-25 02:30", fold=1))
    assert not hours.is_on(at("2026-10-25 03:00")) and not hours.is_on(at("2026-10-25 01:59"))
    minutes = range(at("2026-10-25 00:00"), at("2026-10-26 00:00"), 60_000)
    assert sum(map(hours.is_on, minutes)) == 120
    spring = range(at("2026-03-29 00:00"), at("2026-03-30 00:00"), 60_000)
    assert sum(map(hours.is_on, spring)) == 0
