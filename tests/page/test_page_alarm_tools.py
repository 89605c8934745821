"""Beside the list of alarms: choosing some, muting, who is told; and a limit that is moved in the chart."""

import pytest
from ipywidgets import Button, Dropdown, NaiveDatetimePicker, Text, ToggleButton

from page.alarms_page import banner, field, opened, panel, press, refresh, said
from support.widgets import say, words
from temphub_kernel.core.clock import DAY_MS, MINUTE_MS, now_ms
from temphub_kernel.page.choices.view import parse, query
from temphub_kernel.page.format import local
from temphub_kernel.page.html import alarms

WARM = {"name": "Fridge warm", "kind": "above", "limit_c": 8, "severity": "critical", "probes": ["Fridge"]}
CHANNEL = {
    "name": "Anna",
    "kind": "ntfy",
    "shown": "ntfy://u…r:****@192.0.2.1/",
    "waiting": 0,
    "failing": 0,
    "problem": "",
}


@pytest.fixture
def page(journal, open_dashboard):
    """A page with a fridge and a freezer, and the hub that it asks."""
    return opened(journal, open_dashboard)


def open_tool(page, label):
    field(page, ToggleButton, label).value = True
    return refresh(page)


def test_the_list_is_chosen_from_and_the_address_keeps_it(page, journal):
    """By state, kind, place, time and text, alone and together; the address brings the same list again; all
    are back at once."""
    journal.answered(journal.alarm(journal.rule(**WARM)), "Closed the door")
    journal.alarm(
        journal.rule(
            **{**WARM, "name": "Frost", "probes": ["Freezer"], "severity": "warning", "limit_c": -18}
        ),
        2,
    )
    old = journal.rule(**{**WARM, "name": "Last month", "limit_c": 7})
    journal.alarm(old, ago_min=40 * 24 * 60, at_ms=now_ms() - 39 * DAY_MS)
    journal.answered(journal.alarm(old, what="cleared", at_ms=now_ms() - 38 * DAY_MS), "Defrosted")
    open_tool(page, "Filter")

    def shown(**fields):
        for label, value in fields.items():
            field(page, Text if label == "Text" else Dropdown, label).value = value
        refresh(page)
        return [
            name
            for name in ("Fridge above 8", "Freezer above", "Fridge above 7")
            if name in page._panels._alarms._list.value
        ]

    assert shown() == ["Fridge above 8", "Freezer above"]
    assert shown(Kind="warning") == ["Freezer above"] and "alarm_severity=warning" in query(
        page._steering.view
    )
    assert shown(Kind="", State="unacknowledged") == ["Freezer above"]
    assert shown(State="", Where=("Fridge", "")) == ["Fridge above 8"]
    assert shown(When="92d") == ["Fridge above 8", "Fridge above 7"]
    assert shown(Text="DEFROST") == [
        "Fridge above 7"
    ] and "Shown: Fridge, last 92 days, “DEFROST”; 1 alarm" in words(page)
    again = parse(query(page._steering.view), now_ms())
    assert again.alarms == page._steering.view.alarms and again.alarms.probe == "Fridge"
    assert shown(State="active") == [] and "No alarm is like that." in words(page)
    say(page, all_alarms=True)
    assert shown() == ["Fridge above 8", "Freezer above"] and "alarm_" not in query(page._steering.view)
    page._steering.measure((now_ms() - 41 * DAY_MS, now_ms() - 37 * DAY_MS))
    assert shown(When="chart") == ["Fridge above 7"]


def test_muting_and_maintenance_of_a_place_have_an_end(page, journal):
    """All, a group or a probe; so long, or until a time on the viewer's clock; one that is over is refused in
    words."""
    open_tool(page, "Mute")
    press(page, "Mute now")
    said(page, "Muted: nobody is told meanwhile.")
    assert page.hub.asked == [("/api/alarms/mute", {"minutes": 60, "note": ""})]
    field(page, Dropdown, "What").value = ("Freezer", "")
    field(page, Text, "Why").value = "defrost"
    until = local(now_ms() + 90 * MINUTE_MS, page._steering.view.where).replace(tzinfo=None)
    field(page, NaiveDatetimePicker, "or until").value = until
    press(page, "Maintenance")
    said(page, "In maintenance: nobody is told meanwhile.")
    assert page.hub.asked[1:] == [
        ("/api/alarms/maintenance", {"probe_id": "Freezer", "minutes": 90, "note": "defrost"})
    ]
    field(page, NaiveDatetimePicker, "or until").value = until.replace(year=2020)
    press(page, "Mute now")
    said(page, "That end is over already, so nothing was muted.")
    assert len(page.hub.asked) == 2


def test_a_way_out_is_added_tried_and_removed_and_its_address_never_shown(page):
    """What it is and what waits is listed; the typed address leaves the field at once; Test answers in words;
    removing asks first."""
    page.hub.answers["/api/channels"] = {"channels": [], "kind": "ntfy"}
    open_tool(page, "Who is told")
    said(page, "Nobody is told yet but whoever looks at this page.")
    field(page, Text, "Name").value = "Anna"
    field(page, Text, "Address").value = "ntfy://user:secret@192.0.2.1/topic"
    press(page, "Add")
    assert field(page, Text, "Address").value == ""
    page.hub.answers["/api/channels"] = {
        "channels": [{**CHANNEL, "waiting": 2, "failing": 1, "problem": "refused"}],
        "kind": "ntfy",
    }
    said(page, "Added Anna: ntfy.")
    said(page, "Anna (ntfy)")
    assert (
        "waiting: 2" in words(page)
        and "The last try failed: refused" in words(page)
        and "secret" not in words(page)
    )
    page.hub.answers["/api/channels/test"] = {"told": "ntfy took the test by Anna. Look whether it arrived."}
    press(page, "Test")
    said(page, "ntfy took the test by Anna.")
    page.hub.refuses.add("/api/channels/test")
    press(page, "Test")
    said(page, "The hub is busy. Wait a moment.")
    removed = ("/api/channels", {"remove": "Anna"})
    press(page, "Remove")
    assert "Its address is forgotten" in refresh(page) and removed not in page.hub.asked
    press(page, "Remove it")
    said(page, "Removed Anna: nobody is told by it any more.")
    assert removed in page.hub.asked


def test_a_rule_is_told_whom_to_tell_and_how_often(page, journal):
    """Names, repeats and the next ones are typed beside the rule; an unknown name and no number are refused,
    and what was typed stays."""
    rule = journal.rule(**WARM)
    page.hub.answers["/api/channels"] = {"channels": [CHANNEL, {**CHANNEL, "name": "Boss"}]}
    refresh(page)
    say(page, limits="Fridge")
    press(page, "Who and when")
    said(page, "there are: Anna, Boss.")
    field(page, Text, "Tell").value = "Ann"
    field(page, Text, "again every (min)").value = "15"
    field(page, Text, "nobody acknowledged after (min)").value = "30"
    field(page, Text, "tell also").value = "Boss"
    press(page, "Keep")
    said(page, "There is no way called “Ann”, so nothing was changed.")
    assert field(page, Text, "Tell").value == "Ann"
    field(page, Text, "Tell").value = "Anna"
    press(page, "Keep")
    said(page, "Kept whom it tells.")
    path, body = page.hub.asked[-1]
    assert (path, body["number"]) == ("/api/rules", rule.no)
    told = {
        name: body["rule"][name]
        for name in ("channels", "repeat_min", "escalate_min", "escalate_to", "limit_c", "probes", "enabled")
    }
    assert told == {
        "channels": ["Anna"],
        "repeat_min": 15,
        "escalate_min": 30,
        "escalate_to": ["Boss"],
        "limit_c": 8,
        "probes": ["Fridge"],
        "enabled": True,
    }


def moved(page):
    """The handles of limits as the page's script is told them: (where, whether it is set there)."""
    return [(one["at"], one["at"] == one["set"]) for one in page._panels.chart_panel.facts()["limits"]]


def test_a_limit_moved_in_the_chart_is_asked_set_and_undone(page, journal):
    """In the viewer's unit; what it would have told stands in the question; recovery and name move along;
    undone it is as it was. One that was changed by somebody else meanwhile is left alone."""
    body = {**WARM, "name": "Fridge above 8 °C", "recovery_c": 7.5}
    rule = journal.rule(**body)
    kept = {"number": rule.no, "rule": rule.to_json()}
    page.hub.answers |= {
        "/api/rules/preview": {"text": "3 alarms, the longest 42 min"},
        "/api/rules": {"rules": [kept]},
    }
    refresh(page)
    assert moved(page) == []
    page._steering.change(probes=("Fridge",), unit="F")
    refresh(page)
    assert moved(page) == [(46.4, True)]
    say(page, limit=[rule.no, 50.0])
    said(
        page,
        "Fridge: above 50 °F for 10 min instead of 46.4 °F? In the last 30 days it would have told: 3 "
        "alarms, the longest 42 min.",
    )
    assert moved(page) == [(50.0, False)] and all(path == "/api/rules/preview" for path, _ in page.hub.asked)
    press(page, "Keep 46.4\u00a0°F")
    assert moved(page) == [(46.4, True)] and "instead of" not in refresh(page)
    page.hub.answers["/api/rules/preview"] = {"text": "4 alarms, the longest 50 min"}
    page.hub.goes_on.clear()
    for value in (48.2, 50.0):
        # The second one comes while the first is looked at.
        say(page, limit=[rule.no, value], refresh=False)
    set_it = field(page, Button, "Set 50\u00a0°F")
    assert set_it.disabled
    page.hub.goes_on.set()
    said(page, "instead of 46.4 °F? In the last 30 days it would have told: 4 alarms")
    assert not set_it.disabled
    press(page, "Set 50\u00a0°F")
    said(page, "Set: Fridge above 50 °F for 10 min.")
    set_to = page.hub.asked[-1][1]["rule"]
    assert (set_to["limit_c"], set_to["recovery_c"], set_to["name"], set_to["enabled"]) == (
        10,
        9.5,
        "Fridge above 10 °C",
        True,
    )
    kept["rule"] = set_to
    press(page, "Undo")
    said(page, "Set: Fridge above 46.4 °F for 10 min.")
    assert page.hub.asked[-1] == (
        "/api/rules",
        {"number": rule.no, "rule": {**rule.to_json(), "enabled": True}},
    )
    press(page, "Done")
    say(page, limit=[rule.no, 50.0])
    refresh(page)
    asked = len(page.hub.asked)
    press(page, "Set 50\u00a0°F")
    said(page, "That limit was changed or removed meanwhile, so nothing was set.")
    assert not [body for _, body in page.hub.asked[asked:] if body and "number" in body]


def test_a_limit_moved_while_the_last_is_being_set_is_asked_next(page, journal):
    """It waits where it was moved to, and the question is about what was set meanwhile, before the journal
    shows that; what was refused meanwhile is still read."""
    rule = journal.rule(**WARM)
    kept = {"number": rule.no, "rule": rule.to_json()}
    page.hub.answers |= {"/api/rules/preview": {"text": "no alarm"}, "/api/rules": {"rules": [kept]}}
    page._steering.change(probes=("Fridge",))
    refresh(page)
    say(page, limit=[rule.no, 9.0])
    said(page, "instead of 8 °C? In the last 30 days")
    page.hub.goes_on.clear()
    press(page, "Set 9\u00a0°C")
    say(page, limit=[rule.no, 10.0])
    assert moved(page) == [(10.0, False)] and "instead of" not in refresh(page)
    page.hub.goes_on.set()
    said(page, "Fridge: above 10 °C for 10 min instead of 9 °C? In the last 30 days")
    kept["rule"] = next(body["rule"] for _, body in page.hub.asked if body and "number" in body)
    page.hub.refuses.add("/api/rules")
    page.hub.goes_on.clear()
    press(page, "Set 10\u00a0°C")
    say(page, limit=[rule.no, 11.0])
    page.hub.goes_on.set()
    assert "The hub is busy." in (said(page, "instead of 9 °C? In the last 30 days") and refresh(page))
    page.hub.refuses.clear()
    press(page, "Set 11\u00a0°C")
    said(page, "Set: Fridge above 11 °C for 10 min.")
    assert page.hub.asked[-1][1]["rule"]["limit_c"] == 11


@pytest.mark.parametrize("said_", [[1, 1e300], [1, None], [99, 5], "x", [1e30, 5], [1, 2, 3]])
def test_a_move_that_means_nothing_changes_nothing(page, journal, said_):
    """What no script of ours says is left aside, or answered in words; no rule is changed."""
    journal.rule(**WARM)
    page._steering.change(probes=("Fridge",))
    refresh(page)
    say(page, limit=said_)
    refresh(page)
    assert not [path for path, _ in page.hub.asked if path == "/api/rules"]


def test_what_could_not_be_told_stands_beside_the_alarm(page, journal):
    """In the banner and in the list, by which way; the page's head says why; title, sign and sound have it,
    too."""
    number = journal.alarm(journal.rule(**WARM))
    journal.untold(number, "Anna", "Connection refused")
    journal.health(
        workers=[
            {
                "name": "alarm messages",
                "running": True,
                "problem": "Alarms cannot be told by Anna.",
                "remedy": "Test it.",
            }
        ]
    )
    told = refresh(page)
    assert "could not be told by Anna yet" in banner(page) and "could not be told by Anna yet" in panel(page)
    assert "Alarms cannot be told by Anna. Test it." in told
    journal.answered(number)
    refresh(page)
    facts = alarms.facts(page._panels._alarms._snapshot)
    assert (facts["title"], facts["worst"], facts["loud"]) == (
        "Alarms cannot be told",
        "warning",
        [[0, "Alarms cannot be told"]],
    )


def test_the_worst_so_far_is_kept_up_in_the_banner(page, journal):
    """While it goes on the banner says the worst; with the page's script it stays to the letter, and the
    script is told the number."""
    journal.alarm(journal.rule(**WARM), worst_c=9.9)
    assert "now 9.40 °C, worst 9.90 °C" in refresh(page)
    page._steering.change(scripted=True)
    refresh(page)
    before = banner(page)
    journal.worsened(1, 1, 11.25)
    refresh(page)
    assert banner(page) == before and "11.25 °C" in panel(page) and "11.25" in page._panels._told.value
