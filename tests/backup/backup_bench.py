"""What a back-up costs those who deliver at full speed meanwhile, and what it takes itself.

    PYTHONPATH=.:tests python tests/backup/backup_bench.py [MILLIONS OF READINGS] [ROUNDS]

Eight clients deliver one reading after the other without a pause; rounds without and with a back-up
alternate. Prints the waiting times of both, how far the -wal grew, and whether each back-up has all that was
acknowledged before it began.

November 2026, two cores, others at work on the same computer (load 8 to 13), 20 million readings, four
rounds: without 1,362 readings/s, p50 4.2 ms, p99 32.3 ms; with a back-up 982 readings/s, p50 5.1 ms, p99
45.3 ms. Journal 85 MB, file 82 MB, 11 to 20 s; -wal 13.9 MB at most. Nothing that was acknowledged before was
missing. Without the rests between its pieces (PAUSE_S) p99 was 30 to 50 ms more.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from support.deliveries import Deliveries
from support.ports import free_port
from support.running import TempHub
from temphub_kernel.journal import Delivered, Reader, RollUps, Writer
from temphub_kernel.journal.schema import open_for_reading

CLIENTS, ROUND_S = 8, 15.0


def fill(folder: Path, millions: float) -> None:
    """A journal of that size."""
    writer = Writer(folder / "temphub.sqlite3", gather_s=0.0)
    writer.start()
    now, number = int(time.time() * 1000), np.arange(100_000)
    for part in range(max(1, round(millions * 10))):
        taken = now - 60 * 86_400_000 + (part * 100_000 + number) * 50
        units = np.random.default_rng(part).integers(0, 2**30, len(number))
        writer.store(
            Delivered(f"old{part % 20}", "b", now, number + part * 100_000, taken, units, units * 0), 60
        )
    roll, db = RollUps(folder / "temphub.sqlite3", writer), open_for_reading(folder / "temphub.sqlite3")
    while roll.step(db):
        pass
    db.close()
    assert writer.stop(60)


def back_up(folder: Path, target: Path) -> tuple[float, float, float]:
    """(when it began, when it ended, the most megabytes of the -wal meanwhile)."""
    env = {**os.environ, "DATA_DIR": str(folder)}
    began, most = time.time(), 0
    process = subprocess.Popen(
        [sys.executable, "-m", "temphub_kernel", "backup", str(target)], env=env, stdout=subprocess.DEVNULL
    )
    while process.poll() is None:
        most = max(most, (folder / "temphub.sqlite3-wal").stat().st_size)
        time.sleep(0.05)
    assert process.returncode == 0
    return began, time.time(), most / 1e6


def main(millions: float, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        data.mkdir()
        fill(data, millions)
        hub = TempHub(data, free_port()).ready()
        clients = Deliveries(hub.port, CLIENTS)
        time.sleep(5)
        spans: list[tuple[float, float, float]] = []
        quiet: list[tuple[float, float]] = []
        for number in range(rounds):
            begun = time.time()
            time.sleep(ROUND_S)
            quiet.append((begun, time.time()))
            spans.append(back_up(data, Path(place) / f"{number}.zip"))
        wal = (data / "temphub.sqlite3-wal").stat().st_size / 1e6
        took = clients.end().took
        hub.stop()
        every = np.array([one for times in took.values() for one in times])
        for name, times in (("without", quiet), ("with a back-up", [one[:2] for one in spans])):
            hit = np.concatenate([every[(every[:, 0] >= low) & (every[:, 0] < high)] for low, high in times])
            wait, seconds = (hit[:, 1] - hit[:, 0]) * 1000, sum(high - low for low, high in times)
            figures = ", ".join(f"p{share} {np.percentile(wait, share):.1f}" for share in (50, 99, 99.9))
            say(f"{name}: {len(hit) / seconds:,.0f} readings/s; ms: {figures}, longest {wait.max():.0f}")
        size = (Path(place) / "0.zip").stat().st_size / 1e6
        lasted = ", ".join(f"{high - low:.1f}" for low, high, _ in spans)
        say(
            f"journal {(data / 'temphub.sqlite3').stat().st_size / 1e6:.0f} MB, file {size:.0f} MB; "
            f"seconds: {lasted}"
        )
        say(f"-wal at most {max(one[2] for one in spans):.1f} MB meanwhile, {wal:.1f} MB afterwards")
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
        say(f"largest process of all that ran: {memory:.0f} MB")
        for number, (began, _, _) in enumerate(spans):
            say(
                f"back-up {number}: {missing(Path(place) / f'{number}.zip', took, began)} acknowledged "
                "before, missing"
            )


def missing(path: Path, took: dict[str, list[tuple[float, float]]], began: float) -> int:
    """How many readings that were acknowledged before the back-up began it lacks."""
    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(path) as archive:
        archive.extract("temphub.sqlite3", place)
        with Reader(Path(place) / "temphub.sqlite3") as reader:
            points = reader.after(reader.count() - 2_000_000, 2_000_000, own=True)
    stored = {(point.probe_id, point.seq) for point in points}
    wanted = {(name, seq) for name, times in took.items() for seq, one in enumerate(times) if one[1] < began}
    return len(wanted - stored)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(
        float(sys.argv[1]) if len(sys.argv) > 1 else 5.0,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
    )
