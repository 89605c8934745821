"""A hub's journal and CSV log at work on a recorded disk: `python power_cut_program.py FOLDER RECORD`. Ends
without a goodbye."""

import os
import pickle
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.power import Recorder
from temphub_kernel.core.reading import Row
from temphub_kernel.csvlog import CsvLog, open_log
from temphub_kernel.journal import Reader, RollUps, Writer

BATCHES, ROWS, PROBES = 260, 7, 5
T0 = 1_795_438_440_000


def batch(number: int) -> list[Row]:
    """The readings of a probe's n-th delivery."""
    probe, first = f"P-{number % PROBES}", number // PROBES * ROWS
    times = [T0 + (first + n) * 2000 for n in range(ROWS)]
    return [Row(probe, "b1", first + n, ms, ms, 200_000_000 + first + n, None) for n, ms in enumerate(times)]


def work(folder: Path, recorder: Recorder) -> None:
    """Store batch after batch, say which are acknowledged; roll-ups and CSV follow. Half-way the journal is
    closed and opened again."""
    journal, csv = folder / "temphub.sqlite3", folder / "temperature_log.csv"
    for half in (range(BATCHES // 2), range(BATCHES // 2, BATCHES)):
        writer = Writer(journal, gather_s=0.0)
        writer.start()
        rollups = RollUps(journal, writer, every_s=0.05)
        rollups.start()
        log = CsvLog(csv, journal, writer, open_log=lambda path: recorder.opened(path, open_log))
        with Reader(journal) as reader:
            for number in half:
                writer.store(batch(number))
                recorder.told(number)
                if number % 9 == 0:
                    log.step(reader)
        rollups.stop()
        writer.stop()


if __name__ == "__main__":
    recorder = Recorder()
    work(Path(sys.argv[1]), recorder)
    Path(sys.argv[2]).write_bytes(pickle.dumps([tuple(event) for event in recorder.events]))
    os._exit(0)
