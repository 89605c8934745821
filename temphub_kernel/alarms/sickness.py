"""Sick probes: silent (silence.py), a frozen value, a sensor that fails, resets again and again, weak Wi-Fi,
an outbox that grows. Pure.

Fed and asked like an Evaluator. Only readings that come in order say how a probe is now. What the hub cannot
see in readings somebody tells it (`tell`), from a probe's /status: the strength of its Wi-Fi, and how many
readings wait in its outbox.
"""

import math
from collections.abc import Iterable
from typing import Any

from ..journal import STRUCK, Floats, Ints
from . import pace, rules, silence, symptoms
from .watches import Back, Episode, Transition, Watch

VERSION = 2


class Sickness:
    """Judges probes by the rules for sickness among `watches`; others are not its business."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        mine = [watch for watch in watches if watch.rule.kind in rules.SICKNESSES]
        self._silence = silence.Silence(mine)
        self._clock = pace.SteadyClock()
        self._streams: dict[int, symptoms.Stream] = {}
        self._of: dict[int, list[tuple[Episode, symptoms.Symptom]]] = {}
        self._groups: dict[str, list[tuple[int, symptoms.Stream]]] = {}
        # Of whom something is known since the last tick, or an alarm is active.
        self._touched: set[int] = set()
        # Since when it is well again while an alarm goes on, and of which alarms that changed.
        self._well_ms: dict[tuple[int, int], int] = {}
        self._back: Back = {}
        for watch in mine:
            if watch.rule.kind == "silent":
                continue
            stream = self._streams.setdefault(watch.probe, symptoms.Stream(watch))
            symptom = symptoms.SYMPTOMS[watch.rule.kind](watch, stream)
            self._of.setdefault(watch.probe, []).append((Episode(watch.rule, watch.probe), symptom))
            if watch.group and watch.rule.kind == "frozen":
                self._groups.setdefault(watch.group, []).append((watch.probe, stream))

    def take(
        self,
        probe: Ints,
        taken_ms: Ints,
        received_ms: Ints,
        celsius: Floats,
        quality: Ints,
        boot: Ints,
        now_ms: int,
    ) -> list[Transition]:
        """What readings come to, columns of one length in journal order, as journal.Columns has them. Told by
        the next tick."""
        clock_ms = self._clock.look(now_ms)
        self._silence.begin(clock_ms)
        known = received_ms >= taken_ms
        self._silence.take(probe[known], received_ms[known], clock_ms)
        if not self._streams:
            return []
        columns = (column.tolist() for column in (probe, taken_ms, received_ms, celsius, quality, boot))
        for no, at_ms, came_ms, value, code, start in zip(*columns, strict=True):
            stream = self._streams.get(no)
            if stream is not None and stream.passed(at_ms, value):
                # What a person struck out says nothing of the sensor.
                faulty = math.isnan(value) and code != STRUCK
                seen = symptoms.Seen(at_ms, value, faulty, start, came_ms if came_ms >= at_ms else None)
                for _, symptom in self._of[no]:
                    symptom.reading(seen, clock_ms)
                self._touched.add(no)
        return []

    def gathers(self, within_ms: int) -> None:
        """Probes may keep readings so long, because the hub asked them to."""
        self._silence.gathers(within_ms)

    def soon(self, now_ms: int) -> bool:
        """Whether somebody may have to be told within a minute, as far as that can be seen coming."""
        clock_ms = self._clock.look(now_ms)
        waits = (symptom for no in self._touched for episode, symptom in self._of[no] if not episode.active)
        return self._silence.soon(clock_ms) or any(symptom.soon(clock_ms) for symptom in waits)

    def tell(self, probe: int, what: str, value: float, now_ms: int) -> None:
        """What somebody knows of a probe: `rssi` in dBm, or `outbox`, how many readings wait in it."""
        clock_ms = self._clock.look(now_ms)
        for _, symptom in self._of.get(probe, ()):
            symptom.told(what, value, clock_ms)
            self._touched.add(probe)

    def tick(self, now_ms: int) -> list[Transition]:
        """Call it about once a second: who is sick, who is well again."""
        clock_ms = self._clock.look(now_ms)
        self._silence.begin(clock_ms)
        told = self._silence.tick(clock_ms, now_ms)
        looked_at, self._touched = self._touched, set()
        for no in sorted(looked_at):
            for episode, symptom in self._of[no]:
                since_ms = symptom.since_ms(clock_ms, now_ms, self._others(no))
                if since_ms is not None or episode.active:
                    told += episode.look(since_ms is not None, clock_ms, now_ms, since_ms or now_ms)
                    self._look_back(episode, symptom, since_ms is not None, now_ms)
                # One that is active may end without a word.
                if episode.active:
                    self._touched.add(no)
        return told

    def _others(self, probe: int) -> list[symptoms.Stream]:
        group = self._streams[probe].group
        return [stream for no, stream in self._groups.get(group, ()) if no != probe]

    def _look_back(self, episode: Episode, symptom: symptoms.Symptom, sick: bool, now_ms: int) -> None:
        """Note since when it is well again."""
        key = (episode.rule.no, episode.probe)
        if not episode.active:
            # That it is over is told by itself.
            self._well_ms.pop(key, None)
            self._back.pop(key, None)
            return
        known_ms = self._well_ms.get(key, 0)
        well_ms = symptom.well_ms() or (0 if sick else now_ms)
        well_ms = known_ms if well_ms and known_ms else well_ms
        if well_ms != known_ms:
            self._well_ms[key] = well_ms
            self._back[key] = {episode.probe: well_ms} if well_ms else {}

    def back(self) -> Back:
        """Who delivers again or is well again while an alarm goes on, of alarms of which that changed since
        it was asked last."""
        found, self._back = self._back, {}
        return found | self._silence.back()

    def state(self) -> dict[str, Any]:
        """Everything that what comes later is judged by, as JSON."""
        return {
            "version": VERSION,
            "clock": self._clock.state(),
            "silence": self._silence.state(),
            "touched": sorted(self._touched),
            "well": [[*key, well_ms] for key, well_ms in self._well_ms.items()],
            "streams": [
                [no, [getattr(one, name) for name in symptoms.Stream.KEPT]]
                for no, one in self._streams.items()
            ],
            "watched": [
                [episode.rule.no, no, episode.rule.kind, episode.state(), symptom.state()]
                for no, watches in self._of.items()
                for episode, symptom in watches
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there; what is new begins at nothing, what is gone is forgotten."""
        if state.get("version") != VERSION:
            return
        self._clock.restore(state["clock"])
        self._silence.restore(state["silence"])
        for no, kept in state["streams"]:
            if (stream := self._streams.get(no)) is not None:
                for name, value in zip(symptoms.Stream.KEPT, kept, strict=True):
                    setattr(stream, name, value)
        known = {
            (one.rule.no, no, one.rule.kind): (one, symptom)
            for no, all_of in self._of.items()
            for one, symptom in all_of
        }
        for rule, no, kind, told, kept in state["watched"]:
            if (found := known.get((rule, no, kind))) is not None:
                found[0].restore(told)
                found[1].restore(kept)
        self._touched = self._of.keys() & set(state["touched"])
        # One of an earlier build knows of none.
        active = {(rule, no) for (rule, no, _), (episode, _) in known.items() if episode.active}
        self._well_ms = {(rule, no): ms for rule, no, ms in state.get("well", ()) if (rule, no) in active}
