"""*Settings* leads to everything that can be set or done."""

import argparse
import re

from ipywidgets import HTML, ToggleButton

from support.widgets import every, say, words
from temphub_kernel.cli import options
from temphub_kernel.core.settings import ALLOWED
from temphub_kernel.page.html import ways


def commands():
    """Of the command line."""
    parser = options.parser([])
    (found,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return set(found.choices)


def test_every_setting_and_command_is_there(journal, open_dashboard):
    """Each setting of the hub and each command stands in it, and nothing that there is none of."""
    told = [name for names in [*ways.SETTINGS.values(), *ways.COMMANDS.values()] for name in names]
    assert sorted(told) == sorted({*ALLOWED, *commands()})
    page = open_dashboard(journal.path)
    assert all(f"<code>{name}</code>" in ways.ways() for name in ALLOWED)
    # Before the first probe as well.
    assert "BACKUP_DIR" in words(page) and "temphub restore" in words(page)


def test_each_link_leads_to_what_is_there(journal, open_dashboard):
    """Where a link leads is on the page, and what it is to open opens."""
    journal.readings("a", [4.0, 5.0], ago_s=5, every_s=2)
    page = open_dashboard(journal.path, unfolded=False)
    told = "\n".join(one.value for one in every(page, HTML))
    places = set(re.findall(r'id="([^"]+)"', told))
    assert {place for place, _ in ways.PLACES.values()} - places <= {"th-hub"}
    assert 'class="th-row-head"' not in told
    for what in sorted(ways.OPENED):
        say(page, go=what)
    pressed = {one.description for one in every(page, ToggleButton) if one.value}
    assert pressed == {"Who is told", "Mute", "Send", "Dates", "Note"}
    assert 'class="th-row-head"' in "".join(one.value for one in every(page, HTML))
    say(page, go="nothing like it")


def test_from_beneath_the_chart_a_link_leads_to_the_table(journal, open_dashboard):
    """It stands beside what can be done with the chart; of many probes, whose table is folded, it unfolds."""
    for number in range(1, 10):
        journal.reading(f"P{number}", 4.0)
    page = open_dashboard(journal.path)
    told = "\n".join(one.value for one in every(page, HTML))
    assert 'href="#th-statistics" data-do="{&quot;go&quot;: &quot;table&quot;}"' in told
    assert 'id="th-statistics"' in told and 'class="th-stats"' not in told
    say(page, go="table")
    assert 'class="th-stats"' in "\n".join(one.value for one in every(page, HTML))
