"""A journal written before a hub or a page opens it."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.csvlog import surplus, take_in
from temphub_kernel.journal import Reader, RollUps, Writer


def fill(
    data_dir: Path, readings: Mapping[str, Iterable[tuple[int, float]]], *, rolled_up: bool = True
) -> None:
    """Store (taken_ms, °C) of each probe, delivered at once; rolled_up: as a hub that has run for a while
    leaves them."""
    path = data_dir / "temphub.sqlite3"
    writer = Writer(path, gather_s=0)
    writer.start()
    for probe_id, values in readings.items():
        writer.store([Row(probe_id, None, None, ms, ms, to_units(celsius), None) for ms, celsius in values])
    if rolled_up:
        rollups = RollUps(path, writer)
        rollups.start()
        rollups.stop(10)
    writer.stop()


def refilled_from(csv_file: Path, writer: Writer) -> tuple[int, int]:
    """Have an empty journal filled from a log as a hub does it at its start: (how many readings, how many
    lines made no sense)."""
    with Reader(writer.path) as reader:
        found = surplus(csv_file, reader)
    return take_in(found, csv_file, writer) if found is not None else (0, 0)
