"""Changing probes and writing notes from the page: what is asked of the hub, and what is said when it refuses."""

import asyncio
import re

import pytest
from ipywidgets import HTML, Button, Checkbox, Dropdown, FloatText, Text, ToggleButton

from support.waiting import wait_for
from temphub_kernel.base.errors import TempHubError
from temphub_kernel.dashboard.editor import moved


def every(dashboard, kind):
    found, waiting = [], [dashboard.widget]
    while waiting:
        widget = waiting.pop(0)
        found += [widget] if isinstance(widget, kind) else []
        waiting = [*getattr(widget, "children", ()), *waiting]
    return found


def press(dashboard, label, place=0):
    [one for one in every(dashboard, Button) if one.description == label][place].click()


def field(dashboard, kind, label):
    return next(one for one in every(dashboard, kind) if one.description == label)


def words(dashboard):
    html = "\n".join(one.value for one in every(dashboard, HTML) if "<style>" not in one.value)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


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


def test_only_what_was_changed_is_sent(page):
    """Name, group, note and hidden go to the hub in one question, the interval in its own; what stayed is not sent."""
    press(page, "Edit")
    field(page, Text, "Name").value = " Loft "
    field(page, Dropdown, "Interval").value = 10_000
    press(page, "Save")
    said(page, "Saved.")
    assert page.hub.of("/api/describe") == [{"probe_id": "a", "alias": "Loft"}]
    assert page.hub.of("/api/provision") == [{"host": "a", "interval_ms": 10_000}]


def test_a_probe_can_be_hidden(page):
    """Hiding is one tick."""
    press(page, "Edit", 1)
    field(page, Checkbox, "Hide this probe").value = True
    press(page, "Save")
    said(page, "Saved.")
    assert page.hub.of("/api/describe") == [{"probe_id": "b", "hidden": True}]


def test_a_refusal_is_told_with_its_remedy(page):
    """A hub that refuses is quoted; the interval that could not be set does not hide that the rest was saved."""
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
    """The hub is asked once which firmware it brings; a probe with another one is marked, and can be updated."""
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
    """What is written goes to the range that is marked and to the probe that is alone on the chart; nothing written, nothing sent."""
    page._steering.change(measured=(1_795_000_000_000, 1_795_000_060_000), probes=("a",))
    asyncio.run(page.refresh())
    field(page, ToggleButton, "Note").value = True
    press(page, "Add")
    assert not page.hub.of("/api/annotate")
    every(page, Text)[0].value = "door left open"
    press(page, "Add")
    said(page, "The note is kept.")
    told = {"from_ms": 1_795_000_000_000, "to_ms": 1_795_000_060_000, "probe_id": "a", "text": "door left open"}
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
    """What it means stands beside the button, which goes when nothing waits; all sensors of a board stand alike, on their cards too."""
    journal.met("a:28ff", name="Attic 2", version="0.3.0", interval_ms=2000)
    journal.stands(a="waiting", b="claimed")
    said(page, "waits to be trusted")
    assert words(page).count("waits to be trusted") == 4 and words(page).count("has a key of this hub") == 1
    press(page, "Trust")
    said(page, "Trusted; it delivers in a moment.")
    assert page.hub.of("/api/trust") == [{"probe_id": "a", "trust": True}]
    journal.stands(a="claimed", b="claimed")
    said(page, "has a key of this hub")
    wait_for(lambda: asyncio.run(page.refresh()) or "Trust" not in [one.description for one in every(page, Button)], 5)


def test_a_probe_is_released_in_its_form(page, journal):
    """Release asks the hub for just that; a probe that is not ours has nothing to release."""
    journal.stands(a="claimed", b="foreign")
    said(page, "belongs to another hub")
    press(page, "Edit", 1)
    assert field(page, Button, "Release").disabled
    press(page, "Edit")
    assert not field(page, Button, "Release").disabled
    press(page, "Release")
    said(page, "Released: another hub can take it now.")
    assert page.hub.of("/api/trust") == [{"probe_id": "a", "trust": False}]
