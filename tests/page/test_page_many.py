"""A hub of thousands of probes: what a viewer does not look at is neither read nor sent."""

import asyncio
import re
from collections import Counter

import comm
import pytest
from ipywidgets import Button, Text
from ipywidgets.widgets.widget import _instances

from support.waiting import PATIENCE_S
from support.widgets import every, html_of as html, say, words
from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import Reader
from temphub_kernel.jupyter import sessions
from temphub_kernel.page.choices.view import Wanted, parse
from temphub_kernel.page.data import MOST_LINES, looks, shared, snapshot

CROWD = 3_000
DAY = "window=24h"


@pytest.fixture
def many(journal):
    """A hub with a crowd that people know: without a second reading each would be taken for a stray."""
    for _ in range(10):
        journal.crowd(CROWD)
    return journal


def page_of(journal, open_dashboard, asked=DAY):
    page = open_dashboard(journal.path, unfolded=False, view=parse(asked, now_ms()))
    asyncio.run(page.refresh())
    return page


def rows(page):
    """The ids of its rows, from top to bottom."""
    return re.findall(r'<li class="th-line[^>]*data-probe="([^"]+)"', html(page))


def search(page, text):
    next(one for one in every(page, Text) if one.description == "Search").value = text


def test_a_page_is_as_long_and_sends_as_much_whatever_the_hub_has(journal, open_dashboard, monkeypatch):
    """Of 200 probes as of 3,000 some forty rows are drawn, by as many widgets, and a second's news is as
    small and as few messages."""
    monkeypatch.setattr(comm, "create_comm", comm.DummyComm)
    told = []
    for count in (200, CROWD):
        for _ in range(10):
            journal.crowd(count)
        page = page_of(journal, open_dashboard)
        sent: list[object] = []
        for widget in list(_instances.values()):
            monkeypatch.setattr(widget.comm, "send", lambda data=None, sent=sent, **_: sent.append(data))
        journal.crowd(count, 5.5)
        asyncio.run(page.refresh())
        told.append((len(rows(page)), len(every(page, object)), len(sent), len(html(page))))
        page.stop()
    few, crowd = told
    assert few[0] == crowd[0] == 40 and few[1] == crowd[1]
    # Each row drawn may tell its age anew, where a second has passed for one page and not for the other.
    assert crowd[2] <= few[2] + 2 + crowd[0] and crowd[3] < 1.1 * few[3]


def test_only_what_is_looked_at_is_read(many, open_dashboard, monkeypatch):
    """Whatever window is shown, the journal is asked for the readings of those in the chart and those with a
    row, and each kind of question is asked once for all of them."""
    asked: list[tuple[str, int]] = []
    for name in ("steps", "figures", "columns", "late"):
        ask = getattr(Reader, name)

        def counting(self, *told, name=name, ask=ask, **more):
            ids = next((one for one in told if isinstance(one, list | str)), None)
            count = CROWD if ids is None else 1 if isinstance(ids, str) else len(ids)
            asked.append((name, count))
            return ask(self, *told, **more)

        monkeypatch.setattr(Reader, name, counting)
    read = snapshot.Source.read

    def reading(self, *told, **more):
        asked.append(("read", 0))
        return read(self, *told, **more)

    monkeypatch.setattr(snapshot.Source, "read", reading)
    for window in ("5min", "24h", "30d"):
        page_of(many, open_dashboard, f"window={window}").stop()
        kinds = Counter(name for name, _ in asked)
        assert len(asked) > kinds["read"] > 0
        assert max(count for _, count in asked) <= MOST_LINES + looks.MOST_OPEN
        # It is read once more where that took until the next second.
        assert kinds["figures"] <= kinds["read"] and kinds["late"] <= kinds["read"]
        asked.clear()


def test_pages_that_look_alike_group_their_probes_once(many, open_dashboard, monkeypatch):
    """Three pages of one snapshot put thousands of probes in groups once."""
    pages = [page_of(many, open_dashboard) for _ in range(3)]
    grouped = []
    group = snapshot.grouped
    monkeypatch.setattr(snapshot, "grouped", lambda *told: grouped.append(1) or group(*told))
    many.crowd(1)

    async def refresh_all():
        await asyncio.gather(*(page.refresh() for page in pages))

    asyncio.run(refresh_all())
    assert len(grouped) == 1


def test_what_did_not_change_is_not_made_anew(many):
    """From one look to the next the record of a probe is the very same, until something is said of it."""
    readings = shared.join(many.path)
    try:
        first = readings.read(Wanted(parse(DAY, now_ms()).window), now_ms())
        before = first.result(PATIENCE_S).by_id
        many.described("P00002", alias="Fridge")
        after = readings.read(Wanted(parse(DAY, now_ms()).window), now_ms(), first).result(PATIENCE_S).by_id
    finally:
        shared.leave(many.path)
    assert after["P00001"].record is before["P00001"].record
    assert (before["P00002"].name, after["P00002"].name) == ("P00002", "Fridge")


def test_a_search_finds_a_silent_one_among_thousands(many, open_dashboard):
    """By its id, and by what is the matter with it."""
    for _ in range(10):
        many.reading("lost", 4.0, ago_s=3_000)
    page = page_of(many, open_dashboard)
    search(page, "LOST")
    assert rows(page) == ["lost"] and "1 of 3 001 probes" in words(page)
    search(page, "silent")
    assert rows(page) == ["lost"]
    search(page, "P0")
    assert len(rows(page)) == 40 and "3 000 of 3 001 probes" in words(page)


def test_what_is_wrong_stands_first(many, open_dashboard):
    """Of thousands those in trouble are on top, the worst first, each in one place; the others follow in
    their order."""
    many.rule(kind="above", limit_c=8)
    many.reading("P02500", 9.5)
    many.reading("P02600", None, quality="open")
    many.settle()
    page = page_of(many, open_dashboard)
    assert rows(page)[:3] == ["P02500", "P02600", "P00001"] and len(rows(page)) == 42
    assert "Needs a look" in words(page) and "2 probes" in words(page)
    many.reading("P02500", 4.0)
    asyncio.run(page.refresh())
    assert rows(page)[:2] == ["P02600", "P00001"]


def test_more_is_shown_in_steps(many, open_dashboard):
    """A press shows some more rows, or more groups; never all of thousands at once."""
    for number in range(1, 46):
        many.described(f"P{number:05}", group=f"Room {number}")
    visit = sessions.VISIT.set("1")
    page = page_of(many, open_dashboard)
    sessions.VISIT.reset(visit)
    headings = html(page).count('class="th-fold-head"')
    assert headings == looks.MOST_GROUPS and "26 are not shown" in words(page)
    say(page, whole=looks.GROUPS)
    assert html(page).count('class="th-fold-head"') == 2 * looks.MOST_GROUPS
    say(page, whole=looks.GROUPS)
    assert html(page).count('class="th-fold-head"') == 46
    shown = len(rows(page))
    say(page, whole=looks.NONE)
    assert len(rows(page)) == shown + looks.MORE_OPEN


def test_a_notebook_shows_more_by_a_button(many, open_dashboard):
    """Where no script of the page runs buttons show more rows and more groups, while there are more."""
    for number in range(1, 23):
        many.described(f"P{number:05}", group=f"Room {number}")
    page = page_of(many, open_dashboard)
    shown, headings = len(rows(page)), html(page).count('class="th-fold-head"')
    buttons = [one for one in every(page, Button) if one.description.startswith("Show more (")]
    assert len(buttons) == 2 and "Show more (" not in html(page)
    for button in buttons:
        button.click()
    asyncio.run(page.refresh())
    assert html(page).count('class="th-fold-head"') == 23 > headings
    assert len(rows(page)) >= shown + looks.MORE_OPEN
    assert [one.description for one in every(page, Button)].count(buttons[1].description) <= 1
