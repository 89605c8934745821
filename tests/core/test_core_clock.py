"""Times as text and back."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from temphub_kernel.core.clock import iso_utc, local_text, now_ms, parse_time


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@given(st.integers(0, 4_102_444_800_000))
def test_iso_comes_back(ms: int) -> None:
    """A time written and read again is the same to the millisecond."""
    assert parse_time(iso_utc(ms)) == ms == parse_time(str(ms))


def test_texts(berlin: None) -> None:
    """UTC with milliseconds for programs, local time for spreadsheets; a time without an offset is local."""
    assert iso_utc(1_795_438_440_005) == "2026-11-23T12:54:00.005Z"
    assert local_text(1_795_438_440_999) == "2026-11-23 13:54:00"
    assert (
        parse_time(" 2026-11-23 13:54 ")
        == parse_time("2026-11-23T12:54Z")
        == parse_time("2026-11-23T14:54+02:00")
        == 1_795_438_440_000
    )


@pytest.mark.parametrize("text", ["", "soon", "²", "--5", "2026-13-01", "5.5"])
def test_no_time(text: str) -> None:
    """What is no time is a ValueError, whatever is wrong with it."""
    with pytest.raises(ValueError):
        parse_time(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_beyond_the_calendar(text: str) -> None:
    """A time that falls off the calendar in UTC is a ValueError too."""
    with pytest.raises(ValueError):
        parse_time(text)


def test_now() -> None:
    """The wall clock, in milliseconds."""
    assert abs(now_ms() / 1000 - time.time()) < 5
