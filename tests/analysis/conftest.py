"""A journal with readings for an analyst."""

from collections.abc import Callable
from pathlib import Path

import pytest

from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Writer

T0 = 1_795_438_440_123  # 2026-11-23 12:54:00.123 UTC
Seed = Callable[[list[tuple[str, int, int | None]]], Path]


def rows(given: list[tuple[str, int, int | None]]) -> list[Row]:
    return [
        Row(probe, None, None, taken, taken + 40, units, None if units is not None else "open")
        for probe, taken, units in given
    ]


@pytest.fixture
def seed(data_dir: Path) -> Seed:
    """Puts readings into the journal of a hub that then ends; gives its data folder."""

    def put(given: list[tuple[str, int, int | None]]) -> Path:
        writer = Writer(data_dir / "temphub.sqlite3", gather_s=0)
        writer.start()
        writer.store(rows(given))
        assert writer.stop()
        return data_dir

    return put
