"""Pictures of what the analysis found: they show what the frames say, and an empty frame is said in words."""

import re
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from support.frames import counted, series, tidy, times
from temphub_kernel.analysis import (
    completeness,
    compressor_cycles,
    daily_profile,
    degree_hours,
    differences,
    excursions,
    gaps,
)
from temphub_kernel.core.errors import TempHubError

# bqscales declares a trait in a way that traitlets deprecates; that is theirs to change.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from temphub_kernel.page.widgets import pictures

HOUR_S = 3600
SVG = "{http://www.w3.org/2000/svg}"
SECONDS = np.arange(0, 24 * HOUR_S, 60)


def room() -> pd.DataFrame:
    """Two probes that swing through 20 ± 3 °C, the second 1 K warmer."""
    swing = 20 + 3 * np.sin(SECONDS / HOUR_S)
    return pd.DataFrame({"a": series(SECONDS, swing), "b": series(SECONDS, swing + 1)})


def test_a_line_a_probe_and_the_limits() -> None:
    """Each probe has a line over its own time by the local clock, the limits lie across."""
    figure = pictures.temperature_picture(room(), above=22.0, below=18.0)
    assert [mark.labels for mark in figure.marks[:2]] == [["a"], ["b"]] and len(figure.marks) == 4
    assert (
        figure.marks[0].x[0] == times([0])[0].tz_localize(None).to_datetime64()
        and figure.axes[1].label == "°C"
    )
    assert [mark.y.tolist() for mark in figure.marks[2:]] == [[22, 22], [18, 18]]


def drawn(picture) -> list[ET.Element]:
    """The elements of the picture that a notebook keeps, as any reader of SVG takes it."""
    kept = picture._repr_mimebundle_()
    assert set(kept) == {"image/svg+xml", "text/plain"} and picture.title in kept["text/plain"]
    return list(ET.fromstring(kept["image/svg+xml"]).iter())


def texts(elements: list[ET.Element]) -> dict[str, float]:
    """Each text and how far down it stands."""
    return {
        "".join(one.itertext()): float(one.get("y", "nan")) for one in elements if one.tag == f"{SVG}text"
    }


def test_a_picture_is_kept_with_the_notebook(tmp_path) -> None:
    """What a notebook keeps of a picture needs no kernel and no script: title, names above all lines, ticks
    by the clock, and a limit's number beside it; a script writes the same into a file."""
    hostile = room().rename(columns={"b": '<script>"&'})
    picture = pictures.temperature_picture(hostile, above=22.0)
    elements = drawn(picture)
    told = texts(elements)
    assert {"a", '<script>"&', "22 °C", "12:00"} <= set(told) and not [
        e for e in elements if "script" in e.tag
    ]
    lines = [one for one in elements if one.tag == f"{SVG}path" and one.get("fill") == "none"]
    tops = [min(float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", one.get("d"))) for one in lines]
    assert len(lines) == 3 and max(told["a"], told['<script>"&']) < min(tops)
    assert picture.save_svg(tmp_path / "day.svg").read_text(encoding="utf-8") == picture.svg()


def test_lines_bear_names_where_names_were_asked_for() -> None:
    """A frame of one row a reading that has a column of names, as of `load(tidy=True, names=True)`, is drawn
    with these; a name of 64 signs is whole."""
    long = "Walk-in freezer " * 4
    told = room().melt(ignore_index=False, var_name="probe_id", value_name="temperature_c")
    told = told.rename_axis("time").reset_index().assign(quality="good")
    told.attrs["names"] = {"a": "Fridge", "b": long}
    assert pictures.temperature_picture(told).marks[0].labels == ["a"]
    named = told.assign(name=told["probe_id"].map(told.attrs["names"]))
    for picture in (
        pictures.temperature_picture(named, above={"Fridge": 22}),
        pictures.excursion_picture(excursions(named, above=22), named),
    ):
        assert {"Fridge", long} <= set(texts(drawn(picture)))


def test_a_limit_of_one_probe_has_its_colour() -> None:
    """Limits by probe, named by id or by the name that the frame knows: each in its probe's colour; one for
    all is red; a typo is refused."""
    data = room()
    data.attrs["names"] = {"a": "Fridge", "b": "Freezer"}
    marks = pictures.temperature_picture(data, above={"Fridge": 22, "b": 23}).marks
    assert [mark.y.tolist() for mark in marks[2:]] == [[22, 22], [23, 23]]
    assert [mark.colors for mark in marks[2:]] == [mark.colors for mark in marks[:2]]
    assert pictures.temperature_picture(data, above=22).marks[2].colors == [pictures.RED]
    with pytest.raises(TempHubError, match="'Frigde'"):
        pictures.temperature_picture(data, above={"Frigde": 22})


def test_two_hundred_probes_make_a_picture_that_can_be_sent() -> None:
    """Of many probes each line has fewer points, colours that come again are dashed, and the legend keeps its
    place: a notebook stays small."""
    many = pd.DataFrame({f"p{place}": room()["a"] + place for place in range(200)})
    picture = pictures.temperature_picture(many)
    assert len(picture.svg()) < 1_000_000
    looks = [(mark.colors[0], mark.line_style) for mark in picture.marks[:20]]
    assert len(set(looks)) == 20


def test_a_million_readings_are_few_points() -> None:
    """However many readings, few points are sent, and the one spike among them is one."""
    celsius = np.full(1_000_000, 20.0)
    celsius[123_456] = 35.0
    line = pictures.temperature_picture(series(np.arange(1_000_000), celsius)).marks[0]
    assert (
        len(line.x) <= 2 * pictures.BUCKETS + 2
        and line.y.max() == 35
        and (np.diff(line.x.astype(np.int64)) > 0).all()
    )


def test_a_gap_breaks_the_line() -> None:
    """Where nothing was measured no line is drawn."""
    line = pictures.temperature_picture(series([*range(10), *range(500, 510)], [20.0] * 20)).marks[0]
    assert np.isnan(line.y).sum() == 1 and len(line.y) == 21


def test_the_hour_that_comes_twice_does_not_fold_a_line_back() -> None:
    """Over the end of summer time a line goes on to the right, by the clock as it was at first, and the axis
    says so; else by the wall."""
    at = pd.date_range("2026-10-25 00:00", periods=36, freq="10min", tz="Europe/Berlin")
    autumn = pd.Series(np.linspace(1, 9, 36), index=at, name="a")
    figure = pictures.temperature_picture(autumn, above=5.0)
    line, label = figure.marks[0], figure.axes[0].label
    assert (
        np.diff(line.x.astype("datetime64[ms]").astype(np.int64)) > 0
    ).all() and label == "clock of UTC+02:00 throughout"
    assert str(line.x[0].astype("datetime64[s]")) == "2026-10-25T00:00:00"
    found = pictures.excursion_picture(excursions(autumn, above=5.0), autumn)
    assert found.marks[-1].x.astype("datetime64[ms]").max() == line.x.astype("datetime64[ms]").max()
    spring = pd.Series(
        1.0, index=pd.date_range("2026-03-29 00:00", periods=36, freq="10min", tz="Europe/Berlin"), name="a"
    )
    assert pictures.temperature_picture(spring).axes[0].label == ""


def test_excursions_are_boxes() -> None:
    """Each excursion is a box from its start to its end and from the limit to its peak, over the readings if
    given."""
    found = excursions(room()["a"], above=22.0)
    alone, over = pictures.excursion_picture(found), pictures.excursion_picture(found, room())
    assert len(alone.marks) == 1 and len(over.marks) == 3 and alone.marks[0].x.shape == (len(found), 4)
    first = found.nlargest(1, "degree_minutes").iloc[0]
    assert alone.marks[0].y[0].tolist() == [22, first["peak_c"], first["peak_c"], 22]
    assert alone.marks[0].x[0][[0, 2]].tolist() == [
        first[end].tz_localize(None).to_datetime64().tolist() for end in ("start", "end")
    ]


def test_the_usual_day() -> None:
    """A band and a median for each probe, from midnight to midnight."""
    figure = pictures.profile_picture(daily_profile(room(), every="1h"))
    assert (
        len(figure.marks) == 4
        and figure.marks[1].labels == ["a"]
        and (figure.scale_x.min, figure.marks[1].scales["x"].max) != (None, None)
    )
    assert figure.marks[1].x.tolist() == list(range(24)) and len(figure.marks[0].x) == 48


def test_differences() -> None:
    """How much warmer the others are than the first one."""
    figure = pictures.compare_picture(differences(room()))
    assert (
        figure.title == "Difference against a"
        and set(np.round(figure.marks[0].y, 9)) == {1.0}
        and figure.axes[1].label == "K"
    )


def test_completeness_in_words_and_holes() -> None:
    """Each probe has its sentence, and what is missing is marked from when to when."""
    rows = counted("a", list(range(100)), "x")
    frame = tidy(rows[:40] + rows[60:] + counted("b", list(range(100)), "y"))
    figure = pictures.completeness_picture(completeness(frame), gaps(frame))
    assert figure.axes[1].tick_labels == {
        "0": "a: 80.00 %, 20 readings missing",
        "1": "b: 100 %, none missing",
    }
    # bqplot takes a single line for a line.
    assert figure.marks[1].x.tolist() == [
        at.tz_localize(None).to_datetime64().tolist() for at in times([39, 60])
    ]
    assert figure.marks[1].y.tolist() == [0, 0] and figure.marks[0].y.tolist() == [[0, 0], [1, 1]]


def test_degree_hours_and_cycles() -> None:
    """A bar a step and probe; a point a cycle."""
    hours = degree_hours(room(), above=20, every="6h")
    marks = pictures.degree_picture(hours).marks
    bars, keys = marks[::2], marks[1::2]
    assert [mark.labels for mark in keys if mark.display_legend] == [["a"], ["b"]]
    assert [mark.y[:, 1].tolist() for mark in bars] == [
        part["degree_hours"].tolist() for _, part in hours.groupby("probe_id")
    ]
    assert (bars[0].x[:, 2] < bars[1].x[:, 0]).all() and (bars[1].x[:-1, 2] < bars[0].x[1:, 0]).all()
    cycles = compressor_cycles(room())
    assert sum(len(mark.x) for mark in pictures.cycle_picture(cycles).marks) == len(cycles) > 0


@pytest.mark.parametrize(
    "draw",
    [
        lambda none: pictures.temperature_picture(none, above=8),
        lambda none: pictures.excursion_picture(excursions(none, above=8), none),
        lambda none: pictures.profile_picture(daily_profile(none)),
        lambda none: pictures.compare_picture(differences(none)),
        lambda none: pictures.completeness_picture(completeness(none), gaps(none)),
        lambda none: pictures.degree_picture(degree_hours(none, above=8, every="1D")),
        lambda none: pictures.cycle_picture(compressor_cycles(none)),
    ],
)
def test_nothing_is_said(draw) -> None:
    """Without readings a picture is empty and its title says so."""
    figure = draw(tidy([]))
    assert figure.title.endswith(": nothing found") and not figure.marks
    assert figure.title in "".join(texts(drawn(figure)))
