"""Alarms on the page: banner, card, list, and what is asked of the hub when somebody answers one."""

import html
import json
import re

import pytest
from ipywidgets import HTML, Button, Text

from page.alarms_page import answer, banner, card, field, opened, panel, press, refresh, said
from support.waiting import wait_for
from support.widgets import every, words
from temphub_kernel.journal import Reader
from temphub_kernel.page.html import alarms

WARM = {"name": "Fridge warm", "kind": "above", "limit_c": 8, "severity": "critical"}


@pytest.fixture
def page(journal, open_dashboard):
    """A page with a fridge and a freezer, and the hub that it asks."""
    return opened(journal, open_dashboard)


def labels(page):
    return [one.description for one in every(page, Button)]


def test_without_an_alarm_nothing_is_told(page, journal):
    """No banner, no mark on a card, and the list says whether anything is watched."""
    assert banner(page) == "" and "th-alarmed" not in card(page, "Fridge")
    assert "Nothing is watched yet." in words(page)
    journal.rule(**WARM)
    assert "No alarm. Watched by rules: 1." in refresh(page)


def test_an_alarm_is_told_in_words_on_banner_and_card(page, journal):
    """What, where, for how long and how it is now; a shape and a word beside the colour; the other card has
    nothing; as HTML as well."""
    journal.alarm(journal.rule(**WARM))
    told = refresh(page)
    assert "Alarm: Fridge above 8 °C for 12 min , now 9.40 °C" in told
    assert 'role="alert"' in banner(page) and "<svg" in banner(page)
    shown = card(page, "Fridge")
    assert "Alarm: above 8\u00a0°C for" in re.sub("<[^>]*>", "", shown) and "th-alarmed-critical" in shown
    assert "th-alarmed" not in card(page, "Freezer")
    assert "th-alarm-banner" in page.still()


def test_what_is_read_aloud_does_not_change_with_each_reading(page, journal):
    """With the page's script the banner stays to the letter while values and minutes go on, so that a button
    keeps the keyboard."""
    journal.alarm(journal.rule(**WARM))
    page._steering.change(scripted=True)
    refresh(page)
    before = banner(page)
    journal.reading("Fridge", 11.0)
    assert "11.00" in refresh(page) and banner(page) == before


def test_the_viewers_unit_is_spoken(page, journal):
    """Limits and values stand in °F for whoever chose that."""
    page._steering.change(unit="F")
    journal.alarm(journal.rule(**WARM))
    assert "above 46.4 °F" in refresh(page)


def test_the_most_pressing_stands_first_and_the_rest_is_counted(page, journal):
    """An alarm before warnings; of more than three the others are counted, with a way to the list."""
    for limit in (5, 6, 7):
        journal.alarm(journal.rule(**{**WARM, "limit_c": limit, "severity": "warning"}))
    journal.alarm(journal.rule(**WARM))
    refresh(page)
    assert re.findall(r"<b>(\w+):</b>", banner(page)) == ["Alarm", "Warning", "Warning"]
    assert "1 more in the list of alarms" in banner(page)


def test_acknowledged_from_the_banner_with_a_ready_made_text(page, journal):
    """Opened, a text chosen, acknowledged: the hub is told once, with comment and name; the banner is empty
    then, the list says it."""
    number = journal.alarm(journal.rule(**WARM))
    refresh(page)
    answer(page, number)
    press(page, "Closed the door")
    next(one for one in every(page, Text) if one.description == "Your name").value = "Anna"
    press(page, "Acknowledge")
    said(page, "Acknowledged: nobody else is told of it any more.")
    assert page.hub.asked == [
        ("/api/alarms/acknowledge", {"number": number, "comment": "Closed the door", "by": "Anna"})
    ]
    journal.answered(number, "Closed the door")
    refresh(page)
    assert (
        banner(page) == "" and "“Closed the door”" in panel(page) and "acknowledged by Anna at" in panel(page)
    )
    assert "th-alarmed-critical" in card(page, "Fridge"), "it still goes on"


def test_a_refusal_is_told_and_what_was_typed_is_kept(page, journal):
    """Problem and remedy stand where the banner is; the form has the comment still when it is opened
    again."""
    number = journal.alarm(journal.rule(**WARM))
    refresh(page)
    page.hub.refuses.add("/api/alarms/acknowledge")
    answer(page, number)
    press(page, "Called the service")
    press(page, "Acknowledge")
    said(page, "The hub is busy. Wait a moment.")
    answer(page, number)
    assert (
        next(one for one in every(page, Text) if one.description == "Comment").value == "Called the service"
    )


def test_what_was_done_is_asked_for_where_it_is_required(page, journal):
    """Over and acknowledged, but without what was done: the banner asks for it; an empty text is refused in
    words."""
    rule = journal.rule(**WARM, require_action=True)
    number = journal.alarm(rule)
    journal.answered(number)
    journal.alarm(rule, what="cleared")
    assert "what was done is not written down yet" in refresh(page)
    answer(page, number)
    press(page, "This was done")
    said(page, "Nothing says yet what was done")
    assert not page.hub.asked
    answer(page, number)
    press(page, "Threw the goods away")
    press(page, "This was done")
    said(page, "Kept what was done.")
    assert page.hub.asked == [("/api/alarms/act", {"number": number, "action": "Threw the goods away"})]
    journal.answered(number, action="Threw the goods away")
    refresh(page)
    assert banner(page) == "" and "Done: “Threw the goods away”" in panel(page)


def test_muting_has_an_end_and_is_seen(page, journal):
    """An hour, or until tomorrow morning; the banner is quiet then, and the list ends it."""
    number = journal.alarm(journal.rule(**WARM))
    refresh(page)
    answer(page, number)
    press(page, "Mute for 1 h")
    said(page, "Muted: nobody is told of it meanwhile.")
    (path, body) = page.hub.asked[-1]
    assert (path, body["probe_id"], body["minutes"]) == ("/api/alarms/mute", "Fridge", 60)
    mute = journal.muted(60, probe_id="Fridge")
    assert "muted until" in refresh(page) and 'role="alert"' not in banner(page)
    page._steering.said(json.dumps({"n": 2, "unmute": mute}), [])
    said(page, "Ended: people are told again.")
    assert page.hub.asked[-1] == ("/api/alarms/unmute", {"number": mute})


def test_until_tomorrow_is_the_viewers_tomorrow(page):
    """Eight in the morning of the next day on the viewer's clock, also across a change of the clocks."""
    from temphub_kernel.page.widgets.alarms.panel import tomorrow

    view = page._steering.view._replace(zone="Europe/Berlin")
    # 24 Oct 2026, 22:30 there; the clocks go back that night.
    moment, told = tomorrow(view, 1_792_873_800_000)
    assert (moment - 1_792_873_800_000, told) == (10.5 * 3_600_000, "08:00")


def test_late_readings_and_closed_ones_stand_in_the_list_alone(page, journal):
    """What is over and answered, and what late readings showed, is no banner."""
    rule = journal.rule(**WARM)
    journal.alarm(rule, ago_min=120)
    number = journal.alarm(rule, what="cleared")
    journal.answered(number, "It was a defrost or a delivery")
    refresh(page)
    assert banner(page) == "" and "closed" in panel(page) and "lasted" in panel(page)


def test_hostile_texts_stay_texts(page, journal):
    """What somebody typed as comment or name cannot become markup."""
    number = journal.alarm(journal.rule(**WARM))
    journal.answered(number, "<img src=x onerror=alert(1)>", by="<b>Eve")
    refresh(page)
    assert "<img" not in panel(page) and "&lt;img" in panel(page) and "<b>Eve" not in panel(page)


def test_many_silent_probes_mark_each_card(page, journal):
    """One alarm for the network marks each of its probes, and says that it is the network."""
    rule = journal.rule(name="Silent", kind="silent", severity="warning")
    journal.alarm(rule, 0, probes=(1, 2))
    assert "send no readings: the network or the hub's computer" in refresh(page)
    assert all("th-alarmed-warning" in card(page, id_) for id_ in ("Fridge", "Freezer"))


def test_a_page_without_alarms_asks_the_journal_for_none(page, journal, monkeypatch):
    """Nothing of an alarm is read as long as there never was one, and no rule."""
    asked = []
    for name in ("live_alarms", "alarms", "mutes", "rules"):
        monkeypatch.setattr(Reader, name, lambda *_, name=name, **__: asked.append(name) or [])
    journal.reading("Fridge", 5.0)
    refresh(page)
    assert not asked


def test_the_script_is_told_what_is_loud(page, journal):
    """The worst for title and sign; what is muted or acknowledged makes no sound."""
    rule = journal.rule(**WARM)
    number = journal.alarm(rule)
    refresh(page)

    def facts():
        told = next(one.value for one in every(page, HTML) if "data-alarms" in one.value)
        return json.loads(html.unescape(re.search(r'data-alarms="([^"]*)"', told)[1]))

    assert (
        facts()["title"] + facts()["lasting"] == "Fridge above 8\u00a0°C for {}"
        and facts()["worst"] == "critical"
        and facts()["loud"][0][0] == number
    )
    # A name may hold what stands for the time.
    journal.described("Fridge", alias="{} & {0}")
    refresh(page)
    assert facts()["title"] == "{} & {0} above 8\u00a0°C" and facts()["since"]
    journal.answered(number)
    refresh(page)
    assert facts()["title"] == facts()["worst"] == "" and not facts()["loud"]


def test_a_limit_is_written_as_people_say_it(page):
    """Whole degrees without decimals, a real minus sign, and number and unit on one line."""
    assert alarms.degrees(-18.0, page._steering.view) == "−18\u00a0°C"


def limits(page, probe_id="Fridge"):
    """As the page's script says it when a card's limits were pressed."""
    page._steering.said(json.dumps({"n": 3, "limits": probe_id}), ["Fridge", "Freezer"])


def test_a_set_is_switched_on_in_two_taps_and_tried_first(page, journal):
    """A card's limits opened: the set that fits its value is tried at once, each rule with what it would have
    told; then it is switched on, and the card says the limits."""
    page.hub.answers["/api/rules/preview"] = {"text": "3 alarms, the longest 42 min"}
    assert "Set limits" in card(page, "Fridge")
    limits(page)
    told = said(page, "above 8 °C for 30 min: 3 alarms, the longest 42 min") and words(page)
    assert "Refrigerator 2 to 8\u00a0°C" in [one.description for one in every(page, Button)]
    assert {path for path, _ in page.hub.asked} == {
        "/api/rules/preview"
    } and "and when it sends no readings" in told
    press(page, "Switch on")
    told = said(page, "Switched on: Fridge is watched.") and words(page)
    assert told.index("Switched on") < told.index("Start from")
    assert page.hub.asked[-1] == ("/api/rules/from-set", {"set": "refrigerator", "probes": ["Fridge"]})
    journal.rule(kind="above", limit_c=8, probes=["Fridge"])
    journal.rule(kind="below", limit_c=2, probes=["Fridge"], severity="critical")
    assert "Limits: 2 to 8 °C" in refresh(page) and "Alarm: below 2 °C for 10 min" in refresh(page)


def test_a_typed_limit_is_tried_before_it_can_be_switched_on(page):
    """In the viewer's unit, with a comma as well; before it was tried, or when it is no number, there is
    nothing to switch on."""
    page.hub.answers["/api/rules/preview"] = {"text": "no alarm"}
    page._steering.change(unit="F")
    refresh(page)
    limits(page, "Freezer")
    said(page, "no alarm")
    field = next(one for one in every(page, Text) if one.description == "Limit, °F")
    field.value = "cold"
    press(page, "Try it on the last 30 days")
    said(page, "“cold” is no number, so nothing was tried.")
    assert "Switch on" not in [one.description for one in every(page, Button)]
    field.value = "0,5"
    press(page, "Try it on the last 30 days")
    said(page, "above 0.5 °F for 30 min: no alarm")
    press(page, "Switch on")
    said(page, "Switched on: Freezer is watched.")
    path, body = page.hub.asked[-1]
    assert (path, body["rule"]["probes"], body["rule"]["limit_c"], body["rule"]["delay_min"]) == (
        "/api/rules",
        ["Freezer"],
        -17.5,
        30,
    )


def test_what_is_tried_while_the_last_try_is_on_its_way_is_tried_next(page):
    """Of several the last one, and what comes of the one before is not taken for it; nor is a form without
    its set that was opened for another probe meanwhile."""
    page.hub.answers["/api/rules/preview"] = {"text": "no alarm"}
    page.hub.goes_on.clear()
    limits(page, "Freezer")
    field = next(one for one in every(page, Text) if one.description == "Limit, °C")
    for typed in ("-14", "-13"):
        field.value = typed
        press(page, "Try it on the last 30 days")
    assert "Switch on" not in [one.description for one in every(page, Button)]
    page.hub.goes_on.set()
    told = said(page, "above −13 °C for 30 min: no alarm") and words(page)
    assert "−14" not in told and "above −15" not in told
    press(page, "Switch on")
    said(page, "Switched on: Freezer is watched.")
    assert page.hub.asked[-1][1]["rule"]["limit_c"] == -13
    page.hub.goes_on.clear()
    press(page, "Try it on the last 30 days")
    limits(page, "Fridge")
    page.hub.goes_on.set()
    said(page, "above 8 °C for 30 min: no alarm")


def test_what_is_removed_while_a_try_is_on_its_way_is_removed_after_it(page, journal):
    """Neither is dropped, nor what is switched off; what the try found is still there to switch on, also
    where the form was closed meanwhile."""
    rules = [journal.rule(kind="above", limit_c=limit, probes=["Fridge"]) for limit in (7, 8)]
    page.hub.answers["/api/rules/preview"] = {"text": "no alarm"}
    refresh(page)
    limits(page, "Fridge")
    page.hub.goes_on.clear()
    field(page, Text, "Limit, °C").value = "9"
    press(page, "Try it on the last 30 days")
    first, second = (one for one in every(page, Button) if one.description == "Remove")
    first.click()
    second.click()
    press(page, "Switch off")
    assert "Switch on" not in labels(page)
    page.hub.goes_on.set()
    said(page, "above 9 °C for 30 min: no alarm")
    wait_for(lambda: len(page.hub.asked) == 4, 10)
    assert wait_for(lambda: refresh(page) and "Switch on" in labels(page), 10)
    assert [body for path, body in page.hub.asked if path == "/api/rules"] == [
        {"delete": rules[0].no},
        {"delete": rules[1].no},
        {"number": rules[0].no, "enabled": False},
    ]
    page.hub.goes_on.clear()
    press(page, "Try it on the last 30 days")
    second.click()
    refresh(page)
    press(page, "Done")
    page.hub.goes_on.set()
    wait_for(lambda: page.hub.asked[-1][1] == {"delete": rules[1].no} and len(page.hub.asked) == 6, 10)


def test_rules_are_switched_off_and_removed_where_they_are_set(page, journal):
    """The form lists what watches the probe, by name, group or as one of all."""
    rule = journal.rule(kind="above", limit_c=8)
    refresh(page)
    limits(page)
    assert "Warning: above 8 °C for 10 min for all probes" in refresh(page)
    press(page, "Switch off")
    said(page, "Changed.")
    press(page, "Remove")
    said(page, "Removed.")
    assert page.hub.asked == [
        ("/api/rules", {"number": rule.no, "enabled": False}),
        ("/api/rules", {"delete": rule.no}),
    ]


def test_limits_of_a_refused_rule_say_why(page):
    """What the hub refuses is told in its words, and nothing is switched on."""
    page.hub.refuses.add("/api/rules/preview")
    limits(page)
    said(page, "The hub is busy. Wait a moment.")
    assert "Switch on" not in [one.description for one in every(page, Button)]


def test_each_probe_has_its_limits_in_its_own_pane_of_the_chart(page, journal):
    """As dashed lines, within what the axis shows: of a freezer and a fridge at once, each in its pane and by
    its name; of one that is shown alone its own, which can be moved."""
    journal.rule(kind="above", limit_c=8, probes=["Fridge"])
    journal.rule(kind="below", limit_c=7, probes=["Fridge"])
    journal.rule(kind="above", limit_c=-17, probes=["Freezer"])
    chart = page._panels.chart_panel

    def drawn():
        refresh(page)
        lines = [one for one in chart.chart.figure.marks if one.line_style == "dashed"]
        return [value for line in lines for value in line.y.tolist() if value == value]

    assert len(drawn()) == 6
    below, above = chart.chart.laid.panes
    assert below.low < -19 and below.high < 0 < above.low < 7 and above.high > 9.4
    told = {text: share for share, text, _ in chart.facts()["lines"]}
    assert list(told) == ["above -17\u00a0°C".replace("-", "−"), "above 8\u00a0°C", "below 7\u00a0°C"]
    assert told["below 7\u00a0°C"] == pytest.approx(above.share(7), abs=1e-3)
    assert below.top < above.bottom < told["below 7\u00a0°C"] < told["above 8\u00a0°C"] < above.top
    page._steering.change(probes=("Fridge",))
    assert drawn() == [7, 7, 8, 8] and chart.facts()["lines"] == []
    assert page._panels.chart.reach[2] < 8
