"""Colours one can read and tell apart, by the numbers."""

import itertools
import re

import pytest

from temphub_kernel.page.layout import STYLE

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
SEEN_BY = {
    "everyone": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def themes():
    """The colours of the light and of the dark theme, by name."""
    light = re.search(r"\.th \{(.*?)box-sizing", STYLE, re.S).group(1)
    dark = re.search(r"\.th\.th-dark.*?\{(.*?)\n\}", STYLE, re.S).group(1)
    return {"light": colours(light), "dark": colours(light) | colours(dark)}


def colours(block):
    return dict(re.findall(r"--th-([\w-]+):\s*(#[0-9a-fA-F]{6})\b", block))


def linear(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour):
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear RGB, D65."""
    x, y, z = (
        sum(weight * part for weight, part in zip(row, rgb, strict=True))
        for row in ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x / 0.9505, y, z / 1.089))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def apart(one, other, seen_by):
    seen = [
        lab([max(0.0, sum(m * p for m, p in zip(row, linear(c), strict=True))) for row in SEEN_BY[seen_by]])
        for c in (one, other)
    ]
    return sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_reaches_aa_contrast(theme):
    """Every text colour is at least 4.5 : 1 on what it stands on, in both themes."""
    found = themes()[theme]
    for ground in ("card", "page"):
        for name in ("ink", "quiet", "accent", "good", "warn", "bad", "off"):
            assert contrast(found[name], found[ground]) >= 4.5, (name, ground)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_stand_out(theme):
    """Every line is at least 3 : 1 against the chart's ground."""
    found = themes()[theme]
    for place in range(1, 9):
        assert contrast(found[f"c{place}"], found["card"]) >= 3


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_lines_are_told_apart_by_everyone(theme, seen_by):
    """The first four lines differ by far more than is just seen (ΔE 10), also for people who are blind to
    some colours."""
    found = themes()[theme]
    least = min(
        apart(found[f"c{a}"], found[f"c{b}"], seen_by) for a, b in itertools.combinations(range(1, 5), 2)
    )
    assert least > 10, least
