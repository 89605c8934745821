"""Lengths of time: one way to read and to write them, for the API, exports and the page."""

import pytest

from temphub_kernel.core.clock import UNITS_MS, length_ms, length_text


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("90s", 90_000),
        ("5min", 300_000),
        ("5m", 300_000),
        ("2h", 7_200_000),
        ("1d", 86_400_000),
        ("250ms", 250),
    ],
)
def test_a_number_with_its_unit(text, ms):
    """A whole number and its unit is so long."""
    assert length_ms(text, UNITS_MS) == ms


@pytest.mark.parametrize(
    "text", ["", "s", "-5min", "+5s", "5 min", "1.5h", "5MIN", "٥min", "5min\n", "12345678s", "5fortnights"]
)
def test_what_is_none(text):
    """Anything else is no length: never guessed."""
    assert length_ms(text, UNITS_MS) is None


def test_only_units_that_are_asked_for():
    """A place that knows no weeks refuses them; a bare number is seconds only where that is said."""
    assert length_ms("2w", ("s", "min")) is None and length_ms("30", ("s", "min")) is None
    assert length_ms("30", ("", "s")) == 30_000


@pytest.mark.parametrize("text", ["10s", "5min", "24h", "36h", "7d", "1y", "5y"])
def test_written_as_it_is_read(text):
    """What is written reads back as the same length."""
    assert length_text(length_ms(text, UNITS_MS)) == text
