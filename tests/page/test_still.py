"""The still picture of the page: what a browser shows before it has loaded a widget."""

import re

import bqplot
import numpy as np
import pytest
from ipywidgets import HTML, Button, HBox, Layout, Text, ToggleButtons, VBox

from temphub_kernel.page.dashboard import build
from temphub_kernel.page.html import first_view


def figure(x, y, **options):
    scales = {"x": bqplot.LinearScale(min=0.0, max=10.0), "y": bqplot.LinearScale(min=0.0, max=100.0)}
    axes = [
        bqplot.Axis(scale=scales["x"], tick_values=np.array([0, 5, 20]), tick_labels={"5": "12:05"}),
        bqplot.Axis(scale=scales["y"], side="left", tick_values=np.array([-0.5, 50.0]), tick_format=".1f"),
    ]
    return bqplot.Figure(
        marks=[bqplot.Lines(x=x, y=y, scales=scales, colors=["var(--th-c1)"], **options)], axes=axes
    )


def paths(html):
    return re.findall(r'<path d="([^"]*)"', html)


def test_it_has_what_the_page_has(journal):
    """Each card's name and value, the statistics, and a line for each probe are in it, as the page itself
    would show them."""
    journal.readings("kitchen", [20.0, 21.5, 22.25], ago_s=6, every_s=2)
    journal.readings("cellar", [7.0, 7.5], ago_s=4, every_s=2)
    dashboard = build(journal.path, provision=None)
    picture = dashboard.still()
    for widget in dashboard.widget.children:
        if isinstance(widget, HTML):
            assert widget.value in picture
    assert "22.25" in picture and "7.50" in picture and picture.count('<article class="th-card') == 2
    assert len(paths(picture[picture.index("th-still-plot") :])) >= 2
    dashboard.stop()


def test_it_is_of_now(journal):
    """A page made ready an hour ago is drawn with the newest value, and with probes that came meanwhile."""
    journal.readings("kitchen", [20.0, 21.5], ago_s=4, every_s=2)
    dashboard = build(journal.path, provision=None)
    journal.reading("kitchen", 33.75)
    journal.reading("attic", 12.5)
    picture = dashboard.still()
    assert "33.75" in picture and "12.50" in picture
    dashboard.stop()


@pytest.mark.parametrize(
    ("query", "window"),
    [("window=24h", "24h"), ("a=b&window=1h", "1h"), ("window=nonsense", "5min"), ("%", "5min")],
)
def test_it_shows_the_window_that_the_address_asks_for(journal, query, window):
    """A bookmark's window is the one drawn and the one that the widgets go on with; nonsense is left
    aside."""
    journal.readings("kitchen", [20.0, 21.5], ago_s=4, every_s=2)
    dashboard = build(journal.path, provision=None)
    dashboard.choose(query, "Europe/Berlin")
    label = {"5min": "last 5 min", "1h": "last hour", "24h": "last 24 h"}[window]
    assert f" °C, {label}" in re.sub("<[^>]*>", "", dashboard.still())
    assert dashboard.still().count('mod-active">') == 1
    dashboard.stop()


def test_boxes_keep_their_classes_and_layout():
    """What the page's style speaks of is there, in the same nesting; a text that only looks like markup stays
    text."""
    box = VBox(
        [HBox([Button(description="<Go>", disabled=True), Text("typed")]), HTML("<b>x</b>")],
        layout=Layout(width="50%"),
    )
    box.add_class("th-main")
    picture = first_view.html(box)
    assert picture.startswith(
        '<div class="jupyter-widgets widget-container widget-box widget-vbox th-main" style="width:50%" >'
    )
    assert "widget-hbox" in picture and "&lt;Go&gt;" in picture and " disabled" in picture
    assert '<div class="widget-html-content"><b>x</b></div>' in picture
    assert picture.count("<div") == picture.count("</div>")


def test_the_chosen_button_is_seen():
    """A row of buttons shows which is on."""
    picture = first_view.html(ToggleButtons(options=[("5 min", 1), ("1 h", 2)], value=2))
    assert re.search(r'mod-active">1 h<', picture) and not re.search(r'mod-active">5 min<', picture)


def test_a_line_breaks_where_the_chart_breaks():
    """A missing value lifts the pen; what falls on the same spot is one point; what lies outside stays
    short."""
    assert paths(first_view.html(figure([0.0, 5.0, 6.0, 10.0], [0.0, 50.0, np.nan, 100.0]))) == [
        "M0 400L400 200M800 0"
    ]
    assert paths(first_view.html(figure([0.0, 0.0001, 10.0], [10.0, 10.0, 1e30]))) == ["M0 360L800 -400"]
    assert paths(first_view.html(figure([], []))) == []


def test_ticks_stand_where_the_axis_has_them():
    """Ticks within the axis are there with the labels that the chart gives them; those outside are not."""
    picture = first_view.html(figure([0.0, 1.0], [0.0, 1.0]))
    assert re.findall(r'(left|bottom):([0-9.]+%)"><b>([^<]*)', picture) == [
        ("left", "0.000%", "0"),
        ("left", "50.000%", "12:05"),
        ("bottom", "50.000%", "50.0"),
    ]


def test_a_chart_that_does_not_say_from_where_to_where_is_left_out():
    """A figure without fixed ends is an empty frame, not an error."""
    scales = {"x": bqplot.LinearScale(), "y": bqplot.LinearScale()}
    picture = first_view.html(
        bqplot.Figure(
            marks=[bqplot.Lines(x=[1, 2], y=[3, 4], scales=scales)], axes=[bqplot.Axis(scale=scales["x"])]
        )
    )
    assert "<path" not in picture and "th-still-plot" in picture
