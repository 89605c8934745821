"""Many probes: rows, groups that fold, search, and one place for each."""

import asyncio
import re

from bqplot import Figure
from ipywidgets import HTML, Button, Text
from ipywidgets.widgets.widget import _instances

from support.waiting import wait_for
from support.widgets import every, html_of as html, say, words
from temphub_kernel.core.clock import now_ms
from temphub_kernel.page.choices.view import View, parse, query


def page_of(journal, open_dashboard, count, *, groups=3, asked="", **options):
    """A page of so many probes in so many groups; the last one never sent anything."""
    for place in range(1, count + 1):
        probe_id = f"P-{place}"
        journal.met(probe_id, name=f"Fridge {place}", interval_ms=60_000)
        if groups:
            journal.described(probe_id, group=f"Room {place % groups}")
        if place < count:
            journal.readings(probe_id, [4.0 + place / 16], ago_s=5, every_s=1)
    page = open_dashboard(journal.path, unfolded=False, view=parse(asked, now_ms()), **options)
    asyncio.run(page.refresh())
    return page


def rows(page):
    """The names in its rows, from top to bottom."""
    return re.findall(r'<li class="th-line.*?class="th-name"[^>]*>([^<]+)<', html(page))


def test_above_eight_each_probe_has_a_row_and_no_other_place(journal, open_dashboard):
    """Nine probes are nine lines, in the order in which people count, and stand nowhere else until somebody
    wants to see where they are."""
    page = page_of(journal, open_dashboard, 9, groups=0)
    assert rows(page) == [f"Fridge {place}" for place in range(1, 10)]
    told = html(page)
    assert "th-card " not in told and "th-row-head" not in told and "<table" not in told
    next(one for one in every(page, Button) if one.description == "Show all").click()
    assert html(page).count("th-row-head") == 9


def test_up_to_eight_have_a_card_each(journal, open_dashboard):
    """Eight probes are eight cards, with their table."""
    page = page_of(journal, open_dashboard, 8, groups=2)
    told = html(page)
    assert told.count('<article class="th-card') == 8 and "<table" in told and not rows(page)
    assert told.count("th-fold-head") == 2


def test_what_is_folded_sends_nothing_and_says_what_is_wrong(journal, open_dashboard, monkeypatch):
    """A folded group tells how many of it are not well; its probes' readings are not sent to the page."""
    page = page_of(journal, open_dashboard, 12)
    say(page, fold="Room 0")
    assert [name for name in rows(page) if int(name.split()[1]) % 3 == 0] == []
    assert "Room 0 12" not in words(page) and "Room 0 4 probes" in words(page)
    say(page, fold="Room 1")
    say(page, fold="Room 2")
    sent = []
    for widget in list(_instances.values()):
        if isinstance(widget, HTML):
            widget.observe(lambda change: sent.append(change["new"]), "value")
    for place in range(1, 12):
        journal.reading(f"P-{place}", 5.5)
    asyncio.run(page.refresh())
    assert not [told for told in sent if "5.50" in told]
    say(page, fold="Room 1")
    assert "5.50" in html(page)


def test_folds_stand_in_the_address():
    """Who reloads finds the page as it was."""
    view = View(folds=("Bar & grill", "Küche, oben", "~"))
    assert parse(query(view), now_ms()) == view


def test_a_notebook_folds_groups_by_a_button(journal, open_dashboard):
    """Where no script of the page runs the heading is no button, and one beneath it folds the group."""
    page = page_of(journal, open_dashboard, 12)
    assert "aria-expanded" not in headings(page) and len(rows(page)) == 12
    fold = next(one for one in every(page, Button) if one.description == "Put Room 1 away")
    fold.click()
    asyncio.run(page.refresh())
    assert len(rows(page)) == 8 and fold.description == "Show Room 1"


def headings(page):
    """Those of its groups."""
    return "".join(re.findall(r'<h2 class="th-fold-head">.*?</h2>', html(page)))


def test_paper_has_the_table_of_many_probes(journal, open_dashboard):
    """With rows the table is told for paper alone, and not anew each second."""
    page = page_of(journal, open_dashboard, 9)
    assert "<table" not in html(page)
    say(page, query="")
    (table,) = [one for one in every(page, HTML) if "<table" in one.value]
    assert "th-on-paper" in table._dom_classes
    told = table.value
    journal.readings("P-1", [30.0], ago_s=0, every_s=1)
    asyncio.run(page.refresh())
    assert table.value == told
    say(page, window=[now_ms() - 7_200_000, now_ms() - 3_600_000])
    assert table.value != told


def test_search_finds_what_is_folded(journal, open_dashboard):
    """A word of a name, a group or an id finds its probes, in groups that are folded as well; how many is
    told."""
    page = page_of(journal, open_dashboard, 60, asked="fold=Room+0,Room+1,Room+2")
    search = next(one for one in every(page, Text) if one.description == "Search")
    search.value = "fridge 17"
    assert rows(page) == ["Fridge 17"] and "1 of 60 probes" in words(page)
    search.value = "ROOM p-49"
    assert rows(page) == ["Fridge 49"]
    search.value = "nothing like it"
    assert rows(page) == [] and "0 of 60 probes" in words(page)


def test_two_hundred_probes_are_few_rows_and_few_lines(journal, open_dashboard):
    """Of 200 probes some forty are seen, the rest is a line a group or a button away; the chart draws twenty
    and says so."""
    page = page_of(journal, open_dashboard, 200, groups=10)
    assert len(rows(page)) == 40 and "20 of 200 are drawn" in words(page)
    assert 0 < len(every_line(page)) <= 40
    alone = page_of_one_group(journal, open_dashboard)
    assert len(rows(alone)) == 40
    say(alone, whole="~")
    assert len(rows(alone)) == 200


def test_of_twenty_the_one_in_trouble_stands_first(journal, open_dashboard):
    """Whoever has a row each sees what is wrong on top, once and with its group; a group of which all stand
    there has no empty heading. When all is well again each is where it was."""
    page = page_of(journal, open_dashboard, 20, groups=0)
    journal.described("P-17", group="Yard")
    journal.reading("P-17", None, quality="open")
    asyncio.run(page.refresh())
    assert rows(page)[:2] == ["Fridge 17", "Fridge 1"] and len(rows(page)) == 20
    assert "Needs a look" in words(page) and words(page).count("Yard") == 1
    journal.reading("P-17", 4.0)
    journal.reading("P-9", None, quality="open")
    asyncio.run(page.refresh())
    assert rows(page)[0] == "Fridge 9" and rows(page)[-1] == "Fridge 17" and "Yard" in headings(page)


def test_a_wall_stands_in_the_order_in_which_people_count(journal, open_dashboard):
    """Groups, which a wall does not show, do not order it; a place that somebody gave does."""
    page = page_of(journal, open_dashboard, 12, asked="kiosk=1")
    journal.described("P-7", place=1)
    asyncio.run(page.refresh())
    found = re.findall(r'<article class="th-card[^>]*data-probe="P-(\d+)"', html(page))
    assert found == ["7", *(str(place) for place in range(1, 13) if place != 7)]


def test_a_wall_has_no_more_cards_than_can_be_read(journal, open_dashboard):
    """Of 60 probes a wall shows 24, those that are wrong first, and says that they are not all."""
    page = page_of(journal, open_dashboard, 60, asked="kiosk=1")
    journal.reading("P-57", None, quality="open")
    asyncio.run(page.refresh())
    told = html(page)
    assert told.count('<article class="th-card') == 24 and "24 of 60 probes" in words(page)
    # There is nothing to press.
    assert "20 of 60 are drawn." in words(page) and "choose others" not in words(page)
    assert re.findall(r'data-probe="([^"]+)"', told)[0] == "P-57"


def every_line(page):
    """The marks of its chart."""
    return [mark for figure in every(page, Figure) for mark in figure.marks if mark.labels]


def page_of_one_group(journal, open_dashboard):
    """The same without groups."""
    for place in range(1, 201):
        journal.described(f"P-{place}", group="")
    page = open_dashboard(journal.path, unfolded=False)
    asyncio.run(page.refresh())
    return page


def test_a_tap_on_a_name_names_it(journal, open_dashboard):
    """The probe's own place opens behind its row, with the form; what is typed there is saved, and the next
    tap shuts it."""
    asked = []
    page = page_of(journal, open_dashboard, 9, ask=lambda path, body: asked.append((path, body)) or {})
    say(page, open="P-3")
    assert html(page).count("th-row-head") == 1 and "P-3" in html(page)
    name = next(one for one in every(page, Text) if one.description == "Name")
    name.value = "Ice cream"
    next(one for one in every(page, Button) if one.description == "Save").click()
    assert wait_for(lambda: asked) == [("/api/describe", {"probe_id": "P-3", "alias": "Ice cream"})]
    say(page, open="P-3")
    assert html(page).count("th-row-head") == 0


def test_trust_stands_on_the_card_that_asks_for_it(journal, open_dashboard):
    """A probe that waits for a yes has the button on its card; pressed, the hub is asked."""
    asked = []
    journal.met("known", name="Known")
    journal.readings("known", [20.0], ago_s=2, every_s=1)
    journal.met("new", name="New")
    journal.stands(new="waiting", known="claimed")
    page = open_dashboard(
        journal.path, unfolded=False, ask=lambda path, body: asked.append((path, body)) or {}
    )
    told = html(page)
    assert told.count("th-yes") == 1 and "{&quot;trust&quot;: &quot;new&quot;}" in told
    say(page, trust="new")
    assert wait_for(lambda: asked) == [("/api/trust", {"probe_id": "new", "trust": True})]


def test_probes_of_another_hub_are_one_line(journal, open_dashboard):
    """What belongs to a neighbour is named in one line, is no card, and does not count as a probe that is not
    there."""
    journal.readings("mine", [20.0], ago_s=2, every_s=1)
    for name in ("A", "B"):
        journal.met(name, name=f"Neighbour {name}")
    journal.stands(A="foreign", B="elsewhere", mine="claimed")
    page = open_dashboard(journal.path, unfolded=False)
    assert "1 / 1 probes online" in words(page)
    assert "2 probes of another hub Neighbour A, Neighbour B" in words(page)
    assert html(page).count('<article class="th-card') == 1
    # Nothing of it comes here, so that it is silent is no trouble of this hub.
    assert "th-worst" not in html(page)
    say(page, fold="~hub")
    assert html(page).count('<article class="th-card') == 3


def test_a_place_opens_as_often_as_its_name_is_tapped(journal, open_dashboard):
    """The form of a probe is there the second time, too, and that of another one after it."""
    page = page_of(journal, open_dashboard, 3, groups=0, ask=lambda path, body: {})

    def forms():
        return [one.placeholder for one in every(page, Text) if one.description == "Name"]

    for name in ("Fridge 1", "Fridge 1", "Fridge 2"):
        say(page, open=f"P-{name[-1]}")
        assert forms() == [name]
        say(page, open=f"P-{name[-1]}")
        assert forms() == []
    for name in ("Fridge 1", "Fridge 2"):
        say(page, open=f"P-{name[-1]}")
        assert forms() == [name]
