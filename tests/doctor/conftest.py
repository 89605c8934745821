"""A computer to examine: settings on the loopback interface, and a journal with something in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row, Sighting
from temphub_kernel.core.settings import Settings
from temphub_kernel.journal import ProbeBook, Writer


@pytest.fixture
def settings(data_dir: Path, free_port: int) -> Settings:
    """A hub that would stay on this computer."""
    return Settings.from_environ(
        {"DATA_DIR": str(data_dir), "PORT": str(free_port), "HOST": "127.0.0.1", "INTERFACES": "127.0.0.1"}
    )


@pytest.fixture
def recorded(settings: Settings) -> Callable[..., None]:
    """Writes a journal: readings of one probe, and where the probe is."""

    def write(readings: int = 3, sighting: Sighting | None = None, late_ms: int = 0) -> None:
        writer = Writer(settings.journal_file)
        writer.start()
        now = now_ms() + late_ms
        if sighting is not None:
            ProbeBook(writer).met(sighting)
        if readings:
            writer.store(
                [
                    Row("TempProbe-0A01", "b", no, now - 10, now, 230_000_000 + no, None)
                    for no in range(readings)
                ]
            )
        assert writer.stop()

    return write
