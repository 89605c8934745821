"""Numbers and ids of readings."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from temphub_kernel.core.reading import (
    HIGHEST_C,
    LOWEST_C,
    UNITS_PER_C,
    in_range,
    is_probe_id,
    number_text,
    to_celsius,
    to_units,
)
from temphub_kernel.core.spreadsheet import number_cell

UNITS = st.integers(int(LOWEST_C) * UNITS_PER_C, int(HIGHEST_C) * UNITS_PER_C)


@given(UNITS)
def test_number_text_is_exact(units: int) -> None:
    """The text of a value is that value: plain decimal, a point, no needless zeros, and it comes back from
    text and float."""
    text = number_text(units)
    assert (
        Decimal(text) * UNITS_PER_C == units
        and to_units(float(text)) == units
        and to_units(to_celsius(units)) == units
    )
    whole, point, rest = text.partition(".")
    assert (
        point
        and rest
        and set(text) <= set("-.0123456789")
        and (rest == "0" or not rest.endswith("0"))
        and text != "-0.0"
    )
    assert whole.lstrip("-") == str(int(whole.lstrip("-")))


@given(
    st.one_of(
        UNITS, st.integers(-270_000, 1_800_000).map(lambda thousandths: thousandths * (UNITS_PER_C // 1000))
    ),
    st.sampled_from(".,"),
)
def test_no_cell_has_exactly_three_decimals(units: int, point: str) -> None:
    """A temperature in a CSV is exact, and no spreadsheet can take its decimal sign for one that parts
    thousands."""
    text = number_cell(units, point)
    _, rest = text.split(point)
    assert Decimal(text.replace(",", ".")) * UNITS_PER_C == units and len(rest) != 3


@given(st.integers(-4320, 28800), st.sampled_from([0.0625, 0.0078125]))
def test_sensor_steps_are_kept(step: int, size: float) -> None:
    """What a sensor can say is stored without loss."""
    assert to_celsius(to_units(step * size)) == pytest.approx(step * size, abs=0)


@pytest.mark.parametrize(
    ("celsius", "ok"),
    [
        (-270, True),
        (1800, True),
        (-270.01, False),
        (1800.1, False),
        (float("nan"), False),
        (float("inf"), False),
    ],
)
def test_range(celsius: float, ok: bool) -> None:
    """Only finite temperatures that something can have."""
    assert in_range(celsius) is ok


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("a", True),
        ("A.b:c_d-1", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("=1", False),
        ("a b", False),
        ("a\n", False),
        ("ä", False),
        (5, False),
    ],
)
def test_probe_ids(text: object, ok: bool) -> None:
    """An id is short, plain ASCII, and can be no formula, path or second line."""
    assert is_probe_id(text) is ok
