"""The hub's writer and alarms killed in the middle of lives of alarms: kill -9 of a real process, and the
power cut at every step."""

import ctypes.util
import pickle
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from alarms.alarm_kill_program import EXCURSIONS, READINGS
from alarms.life_steps_program import LIVES, Hub
from support.power import Cut, Event
from support.waiting import cannot
from temphub_kernel.alarms import life
from temphub_kernel.alarms.telling.delivery import PERHAPS
from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import WITHDRAWN, Alarm, Reader

PROGRAM = Path(__file__).with_name("alarm_kill_program.py")
STEPS = Path(__file__).with_name("life_steps_program.py")
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
    """However often the process is killed: each excursion is one alarm with one life, its message was told,
    and a second time only with the mark that it may have been told before; none waits, none is told of what
    was acknowledged before."""
    chance, base_ms = random.Random(7), now_ms() - 3_600_000
    for _ in range(KILLS):
        run(data_dir, base_ms, chance.uniform(0.02, 0.4))
    assert run(data_dir, base_ms, None) == 0
    with Reader(data_dir / "temphub.sqlite3") as reader:
        assert reader.count() == READINGS
        alarms = reader.alarms(0, 2**53)
        assert len(alarms) == EXCURSIONS and not any(alarm.live or alarm.past for alarm in alarms)
        lives = [Counter(event.what for event in reader.alarm_events([alarm.no])) for alarm in alarms]
        assert all(
            life["fired"] == life["acknowledged"] == life["cleared"] == life["closed"] == 1 for life in lives
        ), lives
        assert not reader.waiting_messages() and len(reader.messages()) == EXCURSIONS
        sent = {message.no for message in reader.messages() if message.sent_ms > 0}
    told = [line.split() for line in (data_dir / "told.txt").read_text().splitlines()]
    first = Counter(int(no) for no, how in told if how == "first")
    assert sent <= {int(no) for no, _ in told} and all(count == 1 for count in first.values())


def test_a_power_cut_at_every_step_of_a_life(tmp_path: Path) -> None:
    """Before and after everything that is flushed or told outside, from the reading to the close: no alarm is
    lost, none is sent twice without the mark, none after it was acknowledged; and each life is told once in
    the journal."""
    if sys.platform == "win32" or ctypes.util.find_library("sqlite3") is None:
        cannot("this Python brings an SQLite of its own, which cannot be recorded")
    data, base_ms = tmp_path / "data", now_ms() - 60_000
    data.mkdir()
    subprocess.run([sys.executable, STEPS, data, tmp_path / "events", str(base_ms)], check=True, timeout=60)
    events = [Event(*event) for event in pickle.loads((tmp_path / "events").read_bytes())]
    begun = events.index(Event("told", data=("begun",)))
    steps = [n for n, event in enumerate(events) if n > begun and event.what in ("sync", "told")]
    whole = Counter(event.data[0] for event in events if event.what == "told")
    assert whole["sent"] == LIVES - 1 and whole["stored"] == 3 * LIVES and len(steps) > 30
    cut = Cut(events, random.Random(20))
    for at in sorted({*steps, *(n + 1 for n in steps)}):
        cut.go_to(at)
        for left in data.iterdir():
            left.unlink()
        cut.leave(data)
        outside = list(cut.told)
        hub = Hub(data, base_ms, outside.append)
        try:
            hub.live()
            judge(hub, outside, at)
        finally:
            hub.close()


def judge(hub: Hub, outside: list[Any], at: int) -> None:
    """What was known outside, before the cut and after it, and what the journal says in the end."""
    assert [one.state for one in hub.reader.alarms(0, 2**53)] == [
        "cleared"
    ] * LIVES and not hub.reader.live_alarms(), at
    for number in range(LIVES):
        happened = Counter(event.what for event in hub.reader.alarm_events([hub.alarm(number).no]))
        assert all(happened[what] == 1 for what in ("fired", "acknowledged", "acted", "cleared", "closed")), (
            at,
            happened,
        )
        title = f"Fridge: {10 + number} °C, above 8 °C"
        sent = [place for place, told in enumerate(outside) if told[0] == "sent" and title in told[1]]
        assert number == 2 or sent, f"cut at {at}: nobody was told of alarm {number}"
        assert all(PERHAPS in outside[place][2] for place in sent[1:]), (
            f"cut at {at}: alarm {number} was sent twice without a mark"
        )
        known = outside.index(("acknowledged", number))
        assert all(place < known for place in sent), (
            f"cut at {at}: alarm {number} was sent after it was acknowledged"
        )


class LastMoment:
    """A reader whose user acknowledges an alarm just before it is looked at for the last time."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def alarms_of(self, numbers: list[int]) -> list[Alarm]:
        """What it is then."""
        life.acknowledge(self._hub.writer, numbers[0], "Anna")
        return self._hub.reader.alarms_of(numbers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hub.reader, name)


def test_an_acknowledgement_in_the_last_moment_is_in_time(tmp_path: Path) -> None:
    """Between the mark that it is about to be told and the telling somebody acknowledges: nobody is told,
    then or later."""
    outside: list[Any] = []
    hub = Hub(tmp_path, now_ms() - 60_000, outside.append)
    try:
        hub.measure(0, 10.0)
        hub.tell(LastMoment(hub))
        (message,) = hub.reader.messages()
        assert message.tries < 0 and message.sent_ms == WITHDRAWN
        hub.tell()
        assert [told[0] for told in outside] == ["stored"]
    finally:
        hub.close()
