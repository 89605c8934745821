"""What stands on the chart beside lines, and who is on it."""

import asyncio
import json

import numpy as np
import pytest
from bqplot import Figure, Lines

from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import Annotation
from temphub_kernel.page.choices.view import BY_KEY, View
from temphub_kernel.page.data.snapshot import Source
from temphub_kernel.page.widgets.chart import Chart


@pytest.fixture
def chart(journal):
    """A chart and what it is shown: chart.draw(view, …) gives its marks by colour."""
    source = Source(journal.path)
    chart = Chart(now_ms())

    def draw(view, *annotations):
        snapshot = source.read(view.wanted, now_ms()).seen(view)._replace(annotations=list(annotations))
        chart.show(snapshot)
        return list(chart.figure.marks)

    chart.draw = draw
    yield chart
    source.close()


def by_colour(marks, name):
    return [mark for mark in marks if name in mark.colors[0] and mark.fill != "inside"]


def test_faults_late_readings_limit_and_notes_are_marked(chart, journal):
    """A bad reading is a stroke at the foot of the chart, a late one another, a limit a line across, a note
    upright lines; each goes when there is nothing of its kind."""
    journal.met("a", interval_ms=2000)
    journal.readings("a", [20.0] * 60, ago_s=120, every_s=2)
    assert not by_colour(chart.draw(View()), "--th-bad")
    journal.reading("a", None, ago_s=50, quality="crc")
    faults = by_colour(chart.draw(View()), "--th-bad")
    assert len(faults) == 1 and len(faults[0].x) == 2 and faults[0].y.max() < 20
    now = now_ms()
    marks = chart.draw(View(line_c=21.0), Annotation(1, now - 60_000, now - 30_000, None, "open", now))
    limit = next(mark for mark in by_colour(marks, "--th-bad") if mark.line_style == "dashed")
    assert set(limit.y.tolist()) == {21.0} and limit.x[1] > limit.x[0]
    assert len(by_colour(marks, "--th-quiet")[0].x) == 5
    assert not by_colour(chart.draw(View()), "--th-quiet")


def test_a_reading_that_was_long_on_its_way_is_marked(chart, journal):
    """What a probe kept while it could not deliver is told apart from what came at once."""
    journal.readings("a", [20.0] * 10, ago_s=100, every_s=2)
    # Stored as taken and received at one moment: nothing late yet.
    assert not by_colour(chart.draw(View()), "--th-quiet")
    journal.delayed("a", 21.0, ago_s=90)
    chart.draw(View(window=BY_KEY["1h"]))
    assert len(by_colour(chart.draw(View()), "--th-quiet")) == 1


def test_only_the_chosen_probes_are_drawn_and_in_the_chosen_unit(chart, journal):
    """One probe of two is on the chart alone, in °F, and the axis reaches around it."""
    journal.readings("a", [20.0, 21.0], ago_s=10, every_s=2)
    journal.readings("b", [-18.0, -19.0], ago_s=10, every_s=2)
    (line,) = [mark for mark in chart.draw(View(probes=("a",), unit="F")) if mark.fill != "inside"]
    assert line.y.tolist() == pytest.approx([68.0, 69.8])
    assert 60 < chart.reach[2] < 68 and 69.8 < chart.reach[3] < 78


def test_the_script_knows_each_line_by_its_place(chart, journal):
    """What the page's script reads off the lines carries the right name: the legend lists the marks as they
    are drawn."""
    for name, values in (("a", [20.0, 25.0]), ("b", [1.0, 2.0])):
        journal.met(name, name=f"Room {name}", interval_ms=2000)
        journal.readings(name, values * 200, ago_s=3000, every_s=5)
    marks = chart.draw(View(window=BY_KEY["24h"]))
    told = [(one["kind"], one["name"]) for one in chart.legend]
    assert told == [("band", "Room a"), ("band", "Room b"), ("line", "Room a"), ("line", "Room b")]
    for (kind, name), mark in zip(told, marks, strict=False):
        assert (mark.fill == "inside") == (kind == "band")
        assert (np.nanmean(mark.y) > 10) == (name == "Room a")


def test_the_key_of_a_saved_picture_tells_twenty_lines_apart(chart, journal):
    """Each has its own colour and dashes there, as in the chart."""
    for number in range(20):
        journal.met(f"p{number}", name=f"Room {number}", interval_ms=2000)
        journal.readings(f"p{number}", [20.0] * 20, ago_s=60, every_s=2)
    chart.draw(View(window=BY_KEY["24h"]))
    keys = {(one["colour"], one["dash"]) for one in chart.legend if one["kind"] == "line"}
    assert len(keys) == 20


def test_a_line_says_what_it_is_of_and_carries_the_readings_themselves(chart, journal):
    """What the page's script reads off a line are the readings as the journal has them, to the last digit and
    in the unit that the line itself names; a bucket's band has a point, lowest and highest, wherever the line
    has one, also where a bucket stands alone."""
    journal.met("a", name="Room a", interval_ms=2000)
    journal.readings("a", [23.815, 21.0625, -0.0049999], ago_s=10, every_s=2)
    (line,) = chart.draw(View(unit="F"))
    assert line.y.tolist() == [celsius * 1.8 + 32 for celsius in (23.815, 21.0625, -0.0049999)]
    told = json.loads(line.labels[0])
    assert (told["kind"], told["id"], told["name"], told["unit"], told["width_ms"]) == (
        "line",
        "a",
        "Room a",
        "°F",
        0,
    )
    journal.readings("a", [20.0, 25.0], ago_s=3000, every_s=1)
    band, line = chart.draw(View(window=BY_KEY["24h"]))
    assert (
        json.loads(band.labels[0])["width_ms"] == BY_KEY["24h"].bucket_ms
        and json.loads(line.labels[0])["unit"] == "°C"
    )
    assert set(line.x[np.isfinite(line.y)]) <= set(band.x[np.isfinite(band.y)])


def test_a_gap_breaks_the_line_at_every_zoom(chart, journal):
    """Ten minutes without a reading, of a probe that measures every 10 s, are a gap in the hour's and in the
    day's line."""
    journal.met("a", interval_ms=10_000)
    journal.readings("a", [20.0 + step % 5 for step in range(120)], ago_s=3500, every_s=10)
    journal.readings("a", [20.0 + step % 5 for step in range(120)], ago_s=1500, every_s=10)
    for key in ("1h", "24h"):
        lines = [mark for mark in chart.draw(View(window=BY_KEY[key])) if mark.fill != "inside"]
        assert np.isnan(lines[0].y).sum() == 1, key


def test_a_probe_that_is_put_away_is_in_the_list_only(journal, open_dashboard, monkeypatch):
    """Hidden probes have no card, no line and no row of statistics, and can be brought back from the list."""
    journal.met("a", name="Attic")
    journal.reading("a", 20.0)
    probes = Source._read

    def hiding(self, *args):
        snapshot = probes(self, *args)
        return snapshot._replace(
            probes=[one._replace(record={**one.record, "hidden": 1}) for one in snapshot.probes]
        )

    monkeypatch.setattr(Source, "_read", hiding)
    dashboard = open_dashboard(journal.path)
    asyncio.run(dashboard.refresh())
    shown = [dashboard.widget]
    for widget in shown:
        shown += getattr(widget, "children", ())
    told = [
        widget.value
        for widget in shown
        if hasattr(widget, "value") and isinstance(widget.value, str) and "Attic" in widget.value
    ]
    assert len(told) == 1 and 'class="th-row"' in told[0] and "hidden" in told[0]
    assert not [
        mark
        for widget in shown
        if isinstance(widget, Figure)
        for mark in widget.marks
        if isinstance(mark, Lines)
    ]
