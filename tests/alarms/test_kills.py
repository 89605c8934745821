"""The hub's writer and alarms killed in the middle of lives of alarms: kill -9 of a real process, on a real journal."""

import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

from alarms.alarm_kill_program import EXCURSIONS, READINGS
from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import Reader

PROGRAM = Path(__file__).with_name("alarm_kill_program.py")
KILLS = 4


def run(folder: Path, base_ms: int, kill_after_s: float | None) -> int:
    """The exit code; killed so long after it began."""
    command = [sys.executable, str(PROGRAM), str(folder), str(base_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        timer = threading.Timer(60.0 if kill_after_s is None else kill_after_s, process.kill)
        timer.start()
        try:
            return process.wait()
        finally:
            timer.cancel()
            timer.join()


def test_kills_in_the_middle_of_lives_lose_and_double_nothing(data_dir: Path) -> None:
    """However often the process is killed: each excursion is one alarm with one life, its message was told, and a second time only with the
    mark that it may have been told before; none waits, none is told of what was acknowledged before."""
    chance, base_ms = random.Random(7), now_ms() - 3_600_000
    for _ in range(KILLS):
        run(data_dir, base_ms, chance.uniform(0.02, 0.4))
    assert run(data_dir, base_ms, None) == 0
    with Reader(data_dir / "temphub.sqlite3") as reader:
        assert reader.count() == READINGS
        alarms = reader.alarms(0, 2**53)
        assert len(alarms) == EXCURSIONS and not any(alarm.live or alarm.past for alarm in alarms)
        lives = [Counter(event.what for event in reader.alarm_events([alarm.no])) for alarm in alarms]
        assert all(life["fired"] == life["acknowledged"] == life["cleared"] == life["closed"] == 1 for life in lives), lives
        assert not reader.waiting_messages() and len(reader.messages()) == EXCURSIONS
        sent = {message.no for message in reader.messages() if message.sent_ms > 0}
    told = [line.split() for line in (data_dir / "told.txt").read_text().splitlines()]
    first = Counter(int(no) for no, how in told if how == "first")
    assert sent <= {int(no) for no, _ in told} and all(count == 1 for count in first.values())
