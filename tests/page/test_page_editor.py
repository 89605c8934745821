"""Changing probes and writing notes from the page: what is asked of the hub, and what is said when it
refuses."""

import asyncio

import pytest
from ipywidgets import HTML, Button, Checkbox, Dropdown, FloatText, Text, ToggleButton

from support.waiting import wait_for
from support.widgets import every, words
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.journal import Annotation
from temphub_kernel.page.pieces import chosen
from temphub_kernel.page.widgets.probe_editor import moved


def press(dashboard, label, place=0):
    [one for one in every(dashboard, Button) if one.description == label][place].click()


def field(dashboard, kind, label):
    return next(one for one in every(dashboard, kind) if one.description == label)


class Hub:
    """What the hub was asked, and what it refuses."""

    def __init__(self):
        self.asked, self.refuses = [], set()

    def __call__(self, path, body):
        self.asked.append((path, body))
        if path in self.refuses:
            raise TempHubError(f"The hub has no {path}.", "Update it.")
        return {"version": "9.9.9"}

    def of(self, path):
        return [body for asked, body in self.asked if asked == path]


@pytest.fixture
def page(journal, open_dashboard):
    """A page with two probes, and the hub that it asks."""
    for probe_id, name in (("a", "Attic"), ("b", "Cellar")):
        journal.met(probe_id, name=name, version="0.1.0", interval_ms=2000)
        journal.reading(probe_id, 20.0)
    hub = Hub()
    dashboard = open_dashboard(journal.path, provision=lambda probe_id: "done", ask=hub)
    dashboard.hub = hub
    return dashboard


def said(dashboard, text):
    def there():
        asyncio.run(dashboard.refresh())
        return text in words(dashboard)

    return wait_for(there, 5)


def test_a_new_board_in_an_old_place_is_made_one_with_it(page):
    """The form asks first, names both, and the hub is told once; without another probe chosen nothing is
    asked."""
    press(page, "Edit", 1)
    press(page, "Make them one")
    assert "count as" not in words(page)
    field(page, Dropdown, "Same place as").value = "a"
    press(page, "Make them one")
    assert "Have all readings of Cellar, those so far and those to come, count as Attic (a)?" in words(page)
    assert not page.hub.of("/api/merge")
    press(page, "Yes, make them one")
    said(page, "b counts as this probe now.")
    assert page.hub.of("/api/merge") == [{"probe_id": "b", "into": "a"}]


def test_merged_probes_are_taken_apart_in_the_form(page, journal):
    """The form says which ids count as the probe, and takes them apart."""
    journal.merged("b", "a")
    asyncio.run(page.refresh())
    press(page, "Edit")
    assert "Counts as this probe, too: b" in words(page)
    press(page, "Take apart")
    said(page, "b is a probe of its own again.")
    assert page.hub.of("/api/merge") == [{"probe_id": "b", "undo": True}]


def test_numbers_of_a_chip_are_corrected_in_the_form(page, journal):
    """The form asks for chip and type, times by the viewer's clock and the chip's temperature in their unit;
    else nothing is asked."""
    page._steering.change(unit="F", zone="Asia/Kolkata")
    asyncio.run(page.refresh())
    press(page, "Edit")
    press(page, "Correct")
    assert not page.hub.of("/api/thermocouple")
    field(page, Dropdown, "Thermocouple").value = ("max31855", "K")
    field(page, Text, "From").value = "2026-11-23 12:00"
    field(page, Text, "Chip itself at").value = "86"
    press(page, "Correct")
    said(page, "Corrected for type K; what was sent is kept.")
    told = {"probe_id": "a", "chip": "max31855", "type": "K", "from_ms": 1_795_415_400_000, "cold_c": 30.0}
    assert page.hub.of("/api/thermocouple") == [told]
    field(page, Text, "Up to").value = "tomorrow"
    press(page, "Correct")
    said(page, "“tomorrow” is no time, so nothing was corrected.")
    assert page.hub.of("/api/thermocouple") == [told]


def test_what_is_corrected_is_told_with_how_sure_it_is_and_taken_back(page, journal):
    """The list says type and uncertainty at the value shown, the card the true value; the form takes it
    back."""
    number = journal.straight("a", "T", cold_c=20.0, within_c=10.0)
    said(page, "corrected for type T, ±")
    press(page, "Edit", 1)
    assert "As they were sent" not in [one.description for one in every(page, Button)]
    press(page, "Edit")
    assert "Corrected for type T on a MAX31855, from the first reading up to those to come." in words(page)
    assert "taken for 20 °C ±10.0 °C, which may be off by: ±" in words(page)
    press(page, "As they were sent")
    said(page, "The readings count as they were sent.")
    assert page.hub.of("/api/thermocouple") == [{"undo": number}]


def test_a_merge_that_is_refused_is_told_with_its_remedy(page):
    """What the hub says, at the probe that was chosen."""
    page.hub.refuses.add("/api/merge")
    press(page, "Edit", 1)
    field(page, Dropdown, "Same place as").value = "a"
    press(page, "Make them one")
    press(page, "Yes, make them one")
    said(page, "The hub has no /api/merge. Update it.")


def test_only_what_was_changed_is_sent(page):
    """Name, group, note and hidden go to the hub in one question, the interval in its own; what stayed is not
    sent."""
    press(page, "Edit")
    field(page, Text, "Name").value = " Loft "
    field(page, Dropdown, "Interval").value = 10_000
    press(page, "Save")
    said(page, "Saved.")
    assert page.hub.of("/api/describe") == [{"probe_id": "a", "alias": "Loft"}]
    assert page.hub.of("/api/provision") == [{"host": "a", "interval_ms": 10_000}]


@pytest.mark.parametrize(
    ("tick", "name"), [("Hide this probe", "hidden"), ("85 °C is a temperature here", "power_on_counts")]
)
def test_a_probe_can_be_hidden_and_its_85_believed(page, tick, name):
    """Each is one tick."""
    press(page, "Edit", 1)
    field(page, Checkbox, tick).value = True
    press(page, "Save")
    said(page, "Saved.")
    assert page.hub.of("/api/describe") == [{"probe_id": "b", name: True}]


def test_a_refusal_is_told_with_its_remedy(page):
    """A hub that refuses is quoted; the interval that could not be set does not hide that the rest was
    saved."""
    page.hub.refuses.add("/api/provision")
    press(page, "Edit")
    field(page, Text, "Note").value = "top shelf"
    field(page, Dropdown, "Interval").value = 60_000
    press(page, "Save")
    said(page, "The interval was not changed; the rest was saved. The hub has no /api/provision. Update it.")


def test_order_is_changed_place_by_place(page):
    """'Down' gives both probes their new places; identify and update ask for just that."""
    press(page, "Edit")
    press(page, "Down")
    said(page, "Saved.")
    assert {body["probe_id"]: body["place"] for body in page.hub.of("/api/describe")} == {"b": 1, "a": 2}
    press(page, "Blink its light")
    said(page, "blinks now")
    assert page.hub.of("/api/identify") == [{"probe_id": "a"}]


def test_an_update_is_offered_where_the_hub_brings_another_firmware(page):
    """The hub is asked once which firmware it brings; a probe with another one is marked, and can be
    updated."""
    said(page, "update to 9.9.9 available")
    press(page, "Edit")
    press(page, "Update")
    said(page, "fetches firmware 9.9.9")
    assert len(page.hub.of("/api/firmware/manifest")) == 1


def test_places_move_and_stay_within_the_list():
    """Up from the top and down from the bottom change nothing."""
    assert moved(["a", "b", "c"], "b", -1) == {"b": 1, "a": 2, "c": 3}
    assert moved(["a", "b", "c"], "a", -1) == {"a": 1, "b": 2, "c": 3}
    assert moved(["a", "b", "c"], "c", 1) == {"a": 1, "b": 2, "c": 3}


def test_a_note_is_kept_with_the_marked_range_and_the_one_probe_shown(page):
    """What is written goes to the range that is marked and to the probe that is alone on the chart; nothing
    written, nothing sent."""
    page._steering.change(measured=(1_795_000_000_000, 1_795_000_060_000), probes=("a",))
    asyncio.run(page.refresh())
    field(page, ToggleButton, "Note").value = True
    press(page, "Add")
    assert not page.hub.of("/api/annotate")
    every(page, Text)[0].value = "door left open"
    press(page, "Add")
    said(page, "The note is kept.")
    told = {
        "from_ms": 1_795_000_000_000,
        "to_ms": 1_795_000_060_000,
        "probe_id": "a",
        "text": "door left open",
    }
    assert page.hub.of("/api/annotate") == [told]


def test_a_limit_is_typed_in_the_viewers_unit(page):
    """46.4 °F is a limit of 8 °C; it is in the page's address and in the range's table."""
    page._steering.change(unit="F")
    asyncio.run(page.refresh())
    field(page, ToggleButton, "Limit").value = True
    every(page, FloatText)[0].value = 46.4
    press(page, "Draw")
    assert page._steering.view.line_c == pytest.approx(8.0)
    page._steering.change(measured=(1, 4_000_000_000_000))
    said(page, "Above 46.40 °F")


def test_a_probe_that_waits_is_trusted_with_one_click(page, journal):
    """What it means stands beside the button, which goes when nothing waits; all sensors of a board stand
    alike, on their cards too."""
    journal.met("a:28ff", name="Attic 2", version="0.3.0", interval_ms=2000)
    journal.stands(a="waiting", b="claimed")
    said(page, "waits to be trusted")
    assert words(page).count("waits to be trusted") == 4 and words(page).count("has a key of this hub") == 1
    press(page, "Trust")
    said(page, "Trusted; it delivers in a moment.")
    assert page.hub.of("/api/trust") == [{"probe_id": "a", "trust": True}]
    journal.stands(a="claimed", b="claimed")
    said(page, "has a key of this hub")
    wait_for(
        lambda: (
            asyncio.run(page.refresh()) or "Trust" not in [one.description for one in every(page, Button)]
        ),
        5,
    )


def test_a_probe_that_another_hub_records_is_taken_by_trust(page, journal):
    """A probe that delivers to another hub says so, and has the button that takes it; one that holds another
    hub's key has none."""
    journal.stands(a="elsewhere", b="foreign")
    said(page, "delivers to another hub")
    assert [one.description for one in every(page, Button)].count("Trust") == 1
    press(page, "Trust")
    said(page, "Trusted; it delivers in a moment.")
    assert page.hub.of("/api/trust") == [{"probe_id": "a", "trust": True}]


def test_a_probe_is_released_in_its_form(page, journal):
    """Release asks the person first, then the hub for just that; "Keep it" leaves all as it is.
    A probe that is not ours has nothing to release."""
    journal.stands(a="claimed", b="foreign")
    said(page, "belongs to another hub")
    press(page, "Edit", 1)
    assert field(page, Button, "Release").disabled
    press(page, "Edit")
    assert not field(page, Button, "Release").disabled
    press(page, "Release")
    assert not page.hub.of("/api/trust") and "Release Attic? It stops delivering here" in words(page)
    press(page, "Keep it")
    assert "Release Attic?" not in words(page) and not page.hub.of("/api/trust")
    press(page, "Release")
    press(page, "Yes, release it")
    said(page, "Released: another hub can take it now.")
    assert page.hub.of("/api/trust") == [{"probe_id": "a", "trust": False}]


def test_a_probe_is_removed_in_its_form(page):
    """Remove asks first and says that readings are kept and how the probe comes back; "Keep it" leaves all as
    it is."""
    press(page, "Edit")
    press(page, "Remove")
    assert (
        not page.hub.of("/api/remove")
        and "Its readings are kept" in words(page)
        and "Bring back" in words(page)
    )
    press(page, "Keep it")
    assert "Its readings are kept" not in words(page) and not page.hub.of("/api/remove")
    press(page, "Remove")
    press(page, "Yes, remove it")
    assert wait_for(lambda: page.hub.of("/api/remove")) == [{"probe_id": "a"}]


def test_a_marked_range_is_struck_out_and_brought_back(page, journal):
    """The button beside the marked range asks for just that, for the probes shown with readings in it; what
    is struck out is listed with a way back, and the page counts otherwise at once."""
    now = now_ms() // 1000 * 1000
    journal.reading("a", 99.0, ago_s=20)
    page._steering.change(measured=(now - 30_000, now - 10_000), scripted=True)
    said(page, "Marked range")
    assert "99.00" in words(page) and any("strike_out" in one.value for one in every(page, HTML))
    page._steering.said('{"strike_out": true}', [])
    said(page, "Struck out: these readings are in no chart")
    assert page.hub.of("/api/strike-out") == [
        {"probe_id": "a", "from_ms": now - 30_000, "to_ms": now - 10_001}
    ]
    number = journal.struck("a", now - 30_000, now - 10_001)
    said(page, "Attic Undo")
    assert "99.00" not in words(page) and "No reading in that range." in words(page)
    page._steering.said('{"undo": 999}', [])
    page._steering.said(f'{{"undo": {number}}}', [])
    said(page, "The readings count again.")
    assert page.hub.of("/api/strike-out")[1:] == [{"undo": number}]
    journal.undone(number)
    wait_for(lambda: asyncio.run(page.refresh()) or "99.00" in words(page), 5)


def test_nothing_is_struck_out_by_chance(page):
    """Without a marked range, or with one that holds no reading, there is nothing to strike out, whatever a
    browser says."""
    page._steering.said('{"strike_out": true, "undo": "all"}', [])
    page._steering.change(measured=(1_000_000, 2_000_000))
    said(page, "No reading in that range.")
    assert not any("strike_out" in one.value for one in every(page, HTML))
    page._steering.said('{"strike_out": true}', [])
    assert not page.hub.of("/api/strike-out")


@pytest.mark.parametrize("window", ["5min", "24h", "30d"])
def test_what_is_struck_out_leaves_every_window(journal, open_dashboard, window):
    """An open page forgets struck-out readings in its chart, statistics and card at once, whatever its
    window, and has them again after."""
    journal.readings("a", [20.0, 20.5, 99.0, 99.0, 21.0], ago_s=200, every_s=40)
    page = open_dashboard(journal.path, view=chosen(window=window))
    asyncio.run(page.refresh())
    assert "99.00" in words(page)
    now = now_ms()
    number = journal.struck("a", now - 130_000, now - 70_000)
    asyncio.run(page.refresh())
    assert "99.00" not in words(page) and "21.00" in words(page)
    journal.undone(number)
    asyncio.run(page.refresh())
    assert "99.00" in words(page)


def test_a_question_is_about_one_probe_only(page, journal):
    """A question that is open when another probe's form is opened is gone: its yes cannot release the other
    one."""
    journal.stands(a="claimed", b="claimed")
    asyncio.run(page.refresh())
    press(page, "Edit")
    press(page, "Release")
    press(page, "Edit", 1)
    assert not [one for one in every(page, Button) if one.description == "Yes, release it"]
    assert not page.hub.of("/api/trust")


def test_a_note_is_removed_after_a_yes(page, journal):
    """The cross beside a note asks, and names the note; only a yes removes it."""
    note = Annotation(7, now_ms() - 60_000, now_ms() - 60_000, None, "door left open", now_ms())
    panel = page._panels.chart_panel
    panel.show(panel._snapshot._replace(annotations=[note]))
    page._steering.said('{"erase": 7}', [])
    assert not page.hub.of("/api/annotate") and "Remove the note “door left open”?" in words(page)
    press(page, "Yes, remove it")
    wait_for(lambda: page.hub.of("/api/annotate") == [{"erase": 7}], 5)
