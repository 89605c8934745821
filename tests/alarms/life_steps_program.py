"""Lives of alarms step by step in one thread, on a recorded disk: `python life_steps_program.py FOLDER
RECORD`. Ends without a goodbye.

What the program does can be done again from its beginning, as by a probe that sends again and people who look
again: each step that was taken already changes nothing. So whoever finds the journal after a cut of the power
goes through it once more.
"""

import os
import pickle
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.power import Recorder
from temphub_kernel.alarms import life
from temphub_kernel.alarms.follower import Alarms
from temphub_kernel.alarms.telling.channels import Channels
from temphub_kernel.alarms.telling.delivery import Delivery
from temphub_kernel.alarms.telling.sender import Order, Outcome, Sender
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Alarm, Reader, Writer, add_rules

# One that is acknowledged while it goes on, one that is over first and needs an action, one that is
# acknowledged before it is sent.
LIVES = 3
EVERY_MS = 2_000
Said = Callable[[tuple[object, ...]], None]


class Service(Sender):
    """Takes each order at once, as a service beyond this computer would; what it took cannot be taken
    back."""

    def __init__(self, said: Said) -> None:
        super().__init__()
        self._said = said
        self._taken: dict[str, Outcome] = {}

    def start(self, modules: Iterable[str] = ()) -> None:
        """There is no process."""

    def send(self, name: str, order: Order) -> None:
        self._said(("sent", order.title, order.body))
        self._taken[name] = Outcome(True)

    def ended(self, wait_s: float) -> dict[str, Outcome]:
        found, self._taken = self._taken, {}
        return found


class Hub:
    """A journal with its writer, its alarms and what tells them. said: whatever is known outside."""

    def __init__(self, folder: Path, base_ms: int, said: Said) -> None:
        path = folder / "temphub.sqlite3"
        self.writer = Writer(path, gather_s=0)
        self.writer.start()
        self.reader = Reader(path)
        self._base_ms, self._said = base_ms, said
        channels = Channels(folder)
        channels.add("boss", "json://127.0.0.1", Outcome(True, kind="JSON", shown="json://127.0.0.1/"))
        self._alarms = Alarms(path, self.writer, channels=channels.names, look_s=0)
        self._delivery = Delivery(path, self.writer, channels, look_s=0, sender=Service(said))
        if not self.reader.rules():
            body = {"kind": "above", "limit_c": 8, "delay_min": 0, "recovery_min": 0, "require_action": True}
            add_rules(self.writer, [body], "Anna")
        self._alarms.begin(self.reader)
        self._alarms.round(self.reader)

    def live(self) -> None:
        """All lives from beginning to end; what waits to be told is told first, as by every hub that
        starts."""
        self.tell()
        for number in range(LIVES):
            self.measure(3 * number, 4.0)
            self.measure(3 * number + 1, 10.0 + number)
            if number == 2:
                self._act(number)
            self.tell()
            if number == 0:
                self._act(number)
            self.measure(3 * number + 2, 4.0)
            self._act(number)
            self.tell()

    def tell(self, reader: Any = None) -> None:
        """What waits is sent, and that it was is kept. reader: another one to look with."""
        for _ in range(2):
            self._delivery.round(reader or self.reader)

    def alarm(self, number: int) -> Alarm:
        """Of the excursion of that number."""
        return next(one for one in self.reader.alarms(0, 2**53) if one.worst_c == 10.0 + number)

    def measure(self, n: int, celsius: float) -> None:
        """A reading comes in, and is judged."""
        at_ms = self._base_ms + n * EVERY_MS
        self.writer.store([Row("Fridge", "b", n, at_ms, at_ms, round(celsius * 1e7), None)])
        self._said(("stored", n))
        self._alarms.round(self.reader)

    def _act(self, number: int) -> None:
        alarm = self.alarm(number)
        if not alarm.action:
            life.act(self.writer, alarm.no, "Anna", "Closed the door")
        self._said(("acknowledged", number))

    def close(self) -> None:
        """Without a word: the power is gone."""
        self.reader.close()
        self.writer.stop()


def main(folder: Path, record: Path, base_ms: int) -> None:
    recorder = Recorder()
    hub = Hub(folder, base_ms, recorder.told)
    recorder.told(("begun",))
    hub.live()
    record.write_bytes(pickle.dumps([tuple(event) for event in recorder.events]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    os._exit(0)
