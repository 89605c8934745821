"""A front end that arrives on a page that was ready long before."""

import asyncio
import re

import comm
from ipywidgets import HTML, Widget

from temphub_kernel.page.data import shared


def cards(dashboard):
    """The cards' texts, by probe."""
    waiting, found = [dashboard.widget], {}
    while waiting:
        widget = waiting.pop()
        waiting += getattr(widget, "children", ())
        if isinstance(widget, HTML) and (
            probe := re.search('class="th-card.*?data-probe="(.*?)"', widget.value)
        ):
            found[probe.group(1)] = re.sub("<[^>]+>", " ", widget.value)
    return found


def arrive():
    """What a front end does first: it opens the widgets' control channel."""
    content = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
    comm.get_comm_manager().comm_open(None, None, {"content": content, "metadata": {"version": "1.0.0"}})


def test_a_page_that_opens_begins_with_the_newest_values(journal, open_dashboard):
    """Before a front end reads the widgets, they hold what the journal holds now."""
    journal.reading("a", 20.0, ago_s=3)
    dashboard = open_dashboard(journal.path)

    async def visit():
        dashboard.start()
        journal.reading("a", 25.5)
        arrive()

    asyncio.run(visit())
    assert "25.50" in cards(dashboard)["a"]


def test_no_widget_is_made_while_a_front_end_reads_them(journal, open_dashboard):
    """A probe that came while nobody looked is shown when the page is seen; making its widgets earlier would
    reach the browser before the widgets they refer to."""
    journal.reading("a", 20.0)
    dashboard = open_dashboard(journal.path)
    made = []

    async def visit():
        dashboard.start()
        journal.reading("new", 30.0)
        Widget.on_widget_constructed(made.append)
        arrive()
        at_arrival = (list(made), set(cards(dashboard)))
        dashboard.widget._view_count = 1  # as a front end reports it
        await asyncio.sleep(0.5)
        return at_arrival

    try:
        assert asyncio.run(visit()) == ([], {"a"})
    finally:
        Widget.on_widget_constructed(None)
    assert "30.00" in cards(dashboard)["new"]


def test_a_page_kept_ready_before_the_first_probe_does_not_say_that_there_is_none(journal, open_dashboard):
    """Between arrival and first view such a page shows neither cards nor 'no probe yet'."""
    dashboard = open_dashboard(journal.path)

    async def visit():
        dashboard.start()
        journal.reading("a", 20.0)
        arrive()

    asyncio.run(visit())
    shown = [widget for box in dashboard.widget.children for widget in getattr(box, "children", ())]
    assert shown == [] and cards(dashboard) == {}


def test_after_its_first_view_a_page_does_not_read_the_journal_again(journal, open_dashboard, monkeypatch):
    """The widgets of a page begin with what its first view has just shown, without reading it all again; the
    first refresh, which comes at once, has what was stored meanwhile."""
    # However slow this computer is.
    monkeypatch.setattr(shared, "FRESH_S", 60.0)
    journal.reading("a", 20.0)
    dashboard = open_dashboard(journal.path)

    async def visit():
        dashboard.start()
        assert "20.00" in dashboard.still()
        journal.reading("a", 21.0)
        arrive()
        at_arrival = cards(dashboard)["a"]
        await dashboard.refresh()
        return at_arrival

    assert "20.00" in asyncio.run(visit())
    assert "21.00" in cards(dashboard)["a"]
