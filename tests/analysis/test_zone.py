"""The analyst's time zone."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from temphub_kernel.analysis.arguments import find_zone


@pytest.fixture(autouse=True)
def _own_zone_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_the_zone_of_this_computer(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """`local` is a zone with summer time rules, under its own name where the system says it."""
    monkeypatch.setenv("TZ", name)
    time.tzset()
    assert str(find_zone("local")) == name


def test_a_zone_under_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system names its zone in its own way, as Windows does, one with the same rules is found."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    zone = find_zone("local")
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=2)
    assert datetime(2026, 12, 1, tzinfo=zone).utcoffset() == timedelta(hours=1)


def test_a_zone_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """With rules no known zone has, the present offset is used."""
    monkeypatch.setenv("TZ", "XXX-1:23")
    time.tzset()
    assert datetime(2026, 7, 1, tzinfo=find_zone("local")).utcoffset() == timedelta(hours=1, minutes=23)
