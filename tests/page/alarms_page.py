"""A page with alarms as its tests meet it: what it says, what is pressed on it, and what the hub is asked."""

import asyncio
import html
import json
import re
import threading

from ipywidgets import HTML, Button

from support.waiting import wait_for
from support.widgets import every, words
from temphub_kernel.core.errors import TempHubError


class Hub:
    """What the hub was asked, and what it refuses; it answers while it `goes_on`."""

    def __init__(self):
        self.asked, self.refuses, self.answers = [], set(), {}
        self.goes_on = threading.Event()
        self.goes_on.set()

    def __call__(self, path, body):
        self.asked.append((path, body))
        assert self.goes_on.wait(30)
        if path in self.refuses:
            raise TempHubError("The hub is busy.", "Wait a moment.")
        return self.answers.get(path, {})


def opened(journal, open_dashboard):
    """A page with a fridge and a freezer, and the hub that it asks."""
    journal.reading("Fridge", 9.4)
    journal.reading("Freezer", -19.0)
    dashboard = open_dashboard(journal.path, ask=Hub())
    dashboard.hub = dashboard._panels._alarms._ask
    return dashboard


def refresh(page):
    asyncio.run(page.refresh())
    return html.unescape(words(page))


def banner(page):
    return next((one.value for one in every(page, HTML) if "th-alarms" in one._dom_classes), "")


def panel(page):
    return next(
        one.value for one in every(page, HTML) if "<style>" not in one.value and "th-alarm-list" in one.value
    )


def card(page, probe_id):
    return next(
        one.value
        for one in every(page, HTML)
        if f'data-probe="{probe_id}"' in one.value and "<article" in one.value
    )


def press(page, label):
    """What a question's answer brings stands there a moment after its words."""

    def there():
        found = [one for one in every(page, Button) if one.description == label]
        if not found:
            refresh(page)
        return found

    wait_for(there, 5)[0].click()


def said(page, text):
    return wait_for(lambda: text in refresh(page), 5)


def answer(page, number):
    """As the page's script says it when a button of the banner was pressed."""
    page._steering.said(json.dumps({"n": 1, "alarm": number}), ["Fridge", "Freezer"])


def field(page, kind, label):
    """The field of a kind that has this label."""
    return next(one for one in every(page, kind) if one.description == label)


def plain(markup):
    """What is read in it."""
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", markup)).replace(" :", ":").replace(" ,", ",")
