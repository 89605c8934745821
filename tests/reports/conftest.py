"""A kitchen's journal: a fridge whose door stood open and an unnumbered freezer, ten days of a reading a
minute."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from temphub_kernel.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from temphub_kernel.journal import (
    CODE,
    NO_VALUE,
    Delivered,
    RollUps,
    Writer,
    add_rules,
    annotate,
    calibrate,
    change,
    describe,
    strike_out,
)
from temphub_kernel.journal.schema import open_for_reading

# 2026-10-20T22:00Z: midnight in Berlin, five days before its clock is put back.
T0 = 1_792_533_600_000
DAYS = 10
FRIDGE, FREEZER = "TempProbe-0001", "TempProbe-0001:28FF641E8016"
# The door stood open from 12:00 on the third day for 95 minutes.
OPENED = T0 + 2 * DAY_MS + 12 * HOUR_MS
RULES = [
    {"kind": "above", "limit_c": 8.0, "group": "Kitchen", "severity": "critical", "name": "Refrigerator"},
    {"kind": "below", "limit_c": 2.0, "probes": [FRIDGE]},
]


def fill(writer: Writer) -> None:
    """Readings of both."""
    number = np.arange(DAYS * DAY_MS // MINUTE_MS)
    taken = T0 + number * MINUTE_MS + number % 7 * 90
    fridge = 4 + np.sin(number / 40)
    open_ = (taken >= OPENED) & (taken < OPENED + 95 * MINUTE_MS)
    fridge[open_] = 11.5 - np.abs(number[open_] - number[open_].mean()) / 40
    for id_, celsius, boot in ((FRIDGE, fridge, "b00t"), (FREEZER, -18 + np.cos(number / 90), None)):
        units, quality = np.rint(celsius / 0.0625).astype(np.int64) * 625_000, np.zeros(len(number), np.int64)
        units[500:503], quality[500:503] = NO_VALUE, CODE["crc"]
        # 100 readings were lost for ever.
        there = (number < 3000) | (number >= 3100) if boot else np.ones(len(number), bool)
        columns = (column[there] for column in (number, taken, units, quality))
        writer.store(Delivered(id_, boot or "", int(taken[-1]) + 50, *columns), timeout_s=60)


def say(writer: Writer) -> None:
    """What people said: names, rules, a remark, a calibration, and an alarm that was acknowledged."""
    describe(writer, FRIDGE, {"alias": "Fridge <b>1</b> 🧊", "group": "Kitchen", "note": "Sensor no. 4711"})
    describe(writer, FREEZER, {"alias": "Tiefkühler"})
    add_rules(writer, RULES, "Anna")
    annotate(writer, OPENED, OPENED + HOUR_MS, "Delivery of milk", FRIDGE)
    calibrate(writer, FREEZER, [(-18.0, -17.5)], T0 - DAY_MS, "ice bath")
    strike_out(writer, FRIDGE, T0 + DAY_MS, T0 + DAY_MS + 10 * MINUTE_MS, "cleaned")
    change(
        writer,
        lambda book: book.open(
            **{
                "rule": 1,
                "probe": book.number(FRIDGE),
                "cause": "above",
                "severity": "critical",
                "limit_c": 8.0,
            },
            **{
                "since_ms": OPENED,
                "fired_ms": OPENED + 600_000,
                "worst_c": 11.5,
                "worst_ms": OPENED + 3_000_000,
            },
            **{
                "cleared_ms": OPENED + 6_000_000,
                "acked_ms": OPENED + 700_000,
                "acked_by": "Béla",
                "comment": "closed the door",
            },
            **{
                "action": "threw the milk away",
                "closed_ms": OPENED + 7_000_000,
                "past": 0,
                "body": {"rule": RULES[0]},
            },
        ),
    )


def make_kitchen(folder: Path) -> Path:
    """The journal in a folder, as a hub that has stopped leaves it."""
    path = folder / "temphub.sqlite3"
    writer = Writer(path, gather_s=0.0)
    writer.start()
    try:
        fill(writer)
        say(writer)
        roll, db = RollUps(path, writer), open_for_reading(path)
        while roll.step(db):
            pass
        db.close()
    finally:
        assert writer.stop(30)
    return path


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal that no test changes."""
    return make_kitchen(tmp_path_factory.mktemp("kitchen"))


@pytest.fixture
def own_kitchen(tmp_path: Path) -> Iterator[Path]:
    """A journal that a test may change."""
    yield make_kitchen(tmp_path)
