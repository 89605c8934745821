"""A journal with readings: two probes, faults, a late reading, over the change to winter time in Berlin."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from temphub_kernel.core.reading import Row
from temphub_kernel.journal import RollUps, Writer
from temphub_kernel.journal.schema import open_for_reading

# 2026-10-25T00:30:00.500Z: half past two in Berlin, for the first time that night.
T0 = 1_792_888_200_500
MINUTE = 60_000


def rows(count: int = 240) -> list[Row]:
    """A reading each 30 s in turn, every 50th a fault, the tenth last arriving last."""
    found = []
    for n in range(count):
        units = None if n % 50 == 49 else round((n % 320 - 160) * 625_000)
        found.append(
            Row(
                f"Fridge:{n % 2}",
                None,
                None,
                T0 + n * MINUTE // 2,
                T0 + n * MINUTE // 2 + 40,
                units,
                None if units is not None else "crc",
            )
        )
    return [*found[: count - 10], *found[count - 9 :], found[count - 10]]


@pytest.fixture
def make_journal(tmp_path: Path) -> Iterator[Callable[[list[Row]], Path]]:
    """Makes a journal with these readings, as a hub that has stopped leaves it."""

    def make(given: list[Row]) -> Path:
        path = tmp_path / "Meßdaten 1" / "temphub.sqlite3"
        writer = Writer(path, gather_s=0.0)
        writer.start()
        try:
            for first in range(0, len(given), 5000):
                writer.store(given[first : first + 5000])
            roll, db = RollUps(path, writer), open_for_reading(path)
            while roll.step(db):
                pass
            db.close()
        finally:
            assert writer.stop()
        return path

    yield make


@pytest.fixture
def journal(make_journal: Callable[[list[Row]], Path]) -> Path:
    """The small journal."""
    return make_journal(rows())
