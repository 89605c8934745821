"""What a page costs its kernel."""

import asyncio
import json
import subprocess
import sys

import comm
from bqplot import Lines
from ipywidgets.widgets.widget import _instances

from temphub_kernel.core.clock import now_ms
from temphub_kernel.page.choices.view import parse
from temphub_kernel.page.html import cards


def test_the_page_does_not_bring_in_what_its_kernel_cannot_afford():
    """Neither the hub's nor the analyst's libraries are loaded with the page."""
    unwanted = "('temphub_kernel.analysis', 'temphub_kernel.hub', 'tornado.web', 'zeroconf', 'requests')"
    script = (
        "import sys, temphub_kernel.page; print([name for name in sys.modules if "
        f"name.startswith({unwanted})])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_second_of_twenty_probes_is_a_small_message(journal, open_dashboard, monkeypatch):
    """20 probes over 24 h that each deliver every second: what is sent stays below 60 KB a second, and no
    line is sent again."""
    # Where ipykernel was imported before, a widget without a kernel would send nothing at all.
    monkeypatch.setattr(comm, "create_comm", comm.DummyComm)
    for place in range(20):
        journal.met(f"P{place:02}", name=f"Room number {place}", version="0.1.0", interval_ms=60_000)
        journal.readings(
            f"P{place:02}", [20 + place + step % 50 / 10 for step in range(700)], ago_s=84_000, every_s=120
        )
    dashboard = open_dashboard(
        journal.path, view=parse("window=24h", now_ms())._replace(scripted=True, zone="Europe/Berlin")
    )
    # All widgets are there: on a slow computer the page is built before the journal was read.
    asyncio.run(dashboard.refresh())
    sent: list[int] = []
    lines = []
    for widget in list(_instances.values()):
        monkeypatch.setattr(
            widget.comm,
            "send",
            lambda data=None, metadata=None, buffers=None: sent.append(_size(data, buffers)),
        )
        if isinstance(widget, Lines):
            widget.observe(lines.append, ["x", "y"])
    seconds = []
    for step in range(5):
        sent.clear()
        for place in range(20):
            journal.reading(f"P{place:02}", 21.5 + step + place)
        asyncio.run(dashboard.refresh())
        seconds.append(sum(sent))
    # A minute may have ended meanwhile: then each line goes out once.
    assert 0 < sorted(seconds)[2] < 60_000
    assert len(lines) <= 2 * 2 * 20


def _size(data, buffers):
    return len(json.dumps(data, default=str)) + sum(len(bytes(one)) for one in buffers or ())


def test_pages_that_look_alike_draw_a_card_once(journal, open_dashboard, monkeypatch):
    """Of three pages of the same snapshot two look alike: those share each card, and the one in Fahrenheit
    has its own."""
    journal.readings("kitchen", [20.0, 21.5], ago_s=4, every_s=2)
    pages = [open_dashboard(journal.path, view=parse(query, now_ms())) for query in ("", "", "unit=F")]
    drawn = []
    draw = cards.card
    monkeypatch.setattr(
        cards,
        "card",
        lambda probe, view, moment_ms, **more: (
            drawn.append(view.unit) or draw(probe, view, moment_ms, **more)
        ),
    )
    journal.reading("kitchen", 30.25)

    async def refresh_all():
        await asyncio.gather(*(page.refresh() for page in pages))

    asyncio.run(refresh_all())
    assert sorted(drawn) == ["C", "F"]
    shown = [next(card.value for card in page.widget.children[4].children[0].children) for page in pages]
    assert shown[0] == shown[1] and "30.25" in shown[0] and "86.45" in shown[2]
