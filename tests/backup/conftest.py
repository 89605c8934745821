"""A hub's data folder with everything in it, and back-ups of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from journal.journal_harness import close_months, journal, pack_all
from temphub_kernel.backup.write import Made, make
from temphub_kernel.core.clock import DAY_MS, MINUTE_MS
from temphub_kernel.core.files import make_key
from temphub_kernel.journal import Delivered, annotate, describe

# 2026-08-01, of which a month closes; thirty readings an hour until 15 September.
T0 = 1_785_542_400_000
KEYS = {"version": 1, "boards": {"TempProbe-0001": {"state": "claimed", "key": "ab" * 32}}}
SETTINGS = {"SERVER_TOKEN": "secret-of-a-test", "PORT": "8091", "CSV_FILE": "log.csv"}


def fill(folder: Path) -> None:
    """Readings, a closed month, remarks, keys, changes and settings."""
    with journal(folder) as j:
        number = np.arange(45 * DAY_MS // (2 * MINUTE_MS))
        taken, units = T0 + number * 2 * MINUTE_MS, number % 977 * 62_500
        delivered = Delivered("TempProbe-0001", "b00t", int(taken[-1]), number, taken, units, units * 0)
        j.writer.store(delivered, timeout_s=60)
        describe(j.writer, "TempProbe-0001", {"alias": "Fridge", "group": "Küche"})
        annotate(j.writer, T0, T0 + DAY_MS, "cleaned")
        j.roll_up()
        assert pack_all(j)
        assert close_months(j, T0 + 32 * DAY_MS) == ["2026-08"]
    make_key(folder)
    (folder / "temphub.keys.json").write_text(json.dumps(KEYS))
    (folder / "temphub.channels.json").write_text('{"version": 1, "channels": []}')
    (folder / "temphub_changes.log").write_text('{"what": "/api/describe"}\n')
    (folder / "temphub.settings.json").write_text(json.dumps(SETTINGS))
    (folder / "temphub.sessions").write_text("a login")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that no test changes."""
    folder = tmp_path_factory.mktemp("filled") / "Daten 1"
    folder.mkdir()
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def made(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A back-up of it that no test changes."""
    return make(filled, tmp_path_factory.mktemp("made") / "Sicherung 1.zip", {}, lambda _: None)
