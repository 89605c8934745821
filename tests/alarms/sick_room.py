"""Probes and a hub as the judge of sickness sees them, with a clock that is told how late it is."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from alarms.alarms_harness import START_MS
from temphub_kernel.alarms import Rule, Sickness, Transition, Watch
from temphub_kernel.journal.columns import CODE


class Room:
    """Probes and a hub whose clock goes in steps of a second or as it is told. Between steps nothing is
    missed."""

    def __init__(
        self,
        *rules: Rule,
        probes: Iterable[int] = (1,),
        interval_s: float = 10,
        groups: Callable[[int], str] = lambda no: "",
        boards: Callable[[int], str] = lambda no: "",
    ) -> None:
        interval_ms = round(interval_s * 1000)
        self.watches = [Watch(one, no, interval_ms, groups(no), boards(no)) for one in rules for no in probes]
        self.engine = Sickness(self.watches)
        self.now_ms = START_MS
        self.told: list[Transition] = []

    def restart(self, away_s: float = 0) -> None:
        """The hub is killed, and goes on from what it had kept."""
        state = json.loads(json.dumps(self.engine.state()))
        self.engine = Sickness(self.watches)
        self.engine.restore(state)
        self.now_ms += round(away_s * 1000)

    def deliver(
        self,
        probe: int,
        celsius: float | None = 5.0,
        *,
        boot: int = 1,
        late_s: float = 0,
        quality: str = "crc",
    ) -> None:
        taken = self.now_ms - round(late_s * 1000)
        value = np.nan if celsius is None else celsius
        code = CODE[quality] if celsius is None else 0
        columns = [np.array([number]) for number in (probe, taken, self.now_ms)]
        self.told += self.engine.take(
            *columns, np.array([value]), np.array([code]), np.array([boot]), self.now_ms
        )

    def wait(
        self, seconds: float, talking: Iterable[int] = (), *, every_s: float = 10, **said: Any
    ) -> list[Transition]:
        """Time passes, second by second; who talks delivers every `every_s`. What was told in it."""
        before = len(self.told)
        for second in range(round(seconds)):
            self.now_ms += 1000
            if second % every_s == 0:
                for probe in talking:
                    self.deliver(probe, **said)
            self.told += self.engine.tick(self.now_ms)
        return self.told[before:]


def kinds(found: Iterable[Transition]) -> list[tuple[int, str]]:
    return [(one.probe, one.what) for one in found]
