"""A hub's writer and alarms in a process of their own, to be killed: delivers what is left of a day, tells
and acknowledges its alarms.

Usage: python alarm_kill_program.py FOLDER BASE_MS. Ends by itself when all is delivered, told and closed.
"""

import os
import sys
from pathlib import Path

from temphub_kernel.alarms import life
from temphub_kernel.alarms.follower import FOLLOWER, Alarms
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Reader, Writer, add_rules, begin, were_sent

EXCURSIONS, BEYOND, WELL, EVERY_MS = 12, 6, 4, 2_000
READINGS = EXCURSIONS * (BEYOND + WELL)


def reading(n: int, base_ms: int) -> Row:
    celsius = 9.0 if n % (BEYOND + WELL) < BEYOND else 4.0
    taken_ms = base_ms + n * EVERY_MS
    return Row("Fridge", "b", n, taken_ms, taken_ms, round(celsius * 1e7), None)


def main(folder: Path, base_ms: int) -> None:
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    writer.start()
    with Reader(writer.path) as reader:
        if not reader.rules():
            add_rules(writer, [{"kind": "above", "limit_c": 8, "delay_min": 0, "recovery_min": 0}], "Anna")
    worker = Alarms(writer.path, writer, channels=lambda: ("boss",), look_s=0.001)
    worker.start()
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    with Reader(writer.path) as reader, (folder / "told.txt").open("a") as told:
        while not reader.bookmark(FOLLOWER)[1]:
            worker.stopping.wait(0.001)
        while True:
            if writer.last_no < READINGS:
                writer.store([reading(writer.last_no, base_ms)])
            for message in reader.waiting_messages():
                for mine in begin(writer, [message.no]):
                    told.write(f"{message.no} {'again' if mine.tries else 'first'}\n")
                    told.flush()
                    were_sent(writer, [message.no], now_ms())
            for alarm in reader.live_alarms():
                if not alarm.acked_ms:
                    life.acknowledge(writer, alarm.no, "Anna")
            if (
                writer.last_no == READINGS
                and len(reader.alarms(0, 2**53)) == EXCURSIONS
                and not reader.live_alarms()
            ):
                break
    worker.stop()
    writer.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
    os._exit(0)
