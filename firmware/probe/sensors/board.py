"""All sensors of one board: read together, numbered by the roster, remembered for /status."""

import asyncio

from probe.sensors import filtering


class Board:
    """`await read()` -> [(number, celsius, quality)], number 0 always among them. One source that hangs does not stop the others."""

    def __init__(self, sources, roster, timeout_s=5):
        self._sources = sources
        self._roster = roster
        self._timeout_s = timeout_s
        # number -> (kind, celsius, quality, cold_c)
        self._last = {}
        self._absent = True

    async def read(self):
        """One round. Sensors that were here since the start and are gone are 'missing', for as long as the board runs."""
        answers = await asyncio.gather(*[self._ask(source) for source in self._sources])
        self._notice_exchange([reading for found in answers for reading in found])
        seen = {}
        for at, found in enumerate(answers):
            source = self._sources[at]
            for key, celsius, quality, cold_c in found:
                # A number is for a sensor that was seen, not for one that an exchange has just put out of use.
                number = self._roster.number(key) if quality != "missing" or self._roster.knows(key) else None
                if number is not None:
                    before = self._last.get(number, (None, None))[1]
                    quality = filtering.mark_jump(celsius, quality, before, source.max_step_c)
                    seen[number] = (source.kind, celsius, quality, cold_c)
        for number in set(self._last) | {0}:
            if number not in seen:
                seen[number] = (self._last[number][0] if number in self._last else None, None, "missing", None)
        self._last = seen
        self._absent = seen[0][2] == "missing"
        return [(number, seen[number][1], seen[number][2]) for number in sorted(seen)]

    def numbers(self):
        """The sensors seen since the start, by number."""
        return sorted(self._last) or [0]

    def status(self, board_id):
        """What /status says of each: id, kind, last_c, quality, and cold_junction_c of a thermocouple."""
        told = []
        for number in sorted(self._last):
            kind, celsius, quality, cold_c = self._last[number]
            entry = {"id": self._roster.probe_id(board_id, number), "kind": kind, "last_c": celsius, "quality": quality}
            if cold_c is not None:
                entry["cold_junction_c"] = cold_c
            told.append(entry)
        return told

    async def _ask(self, source):
        try:
            return await asyncio.wait_for(filtering.sample(source), self._timeout_s * source.samples)
        except (OSError, ValueError, asyncio.TimeoutError):
            return []

    def _notice_exchange(self, found):
        # A board that ever had one sensor only, had none in the last round either, and finds one other now: a spare part.
        only = self._roster.only()
        here = [key for key, _, quality, _ in found if quality != "missing" and key is not None]
        if only and self._absent and len(here) == 1 and here[0] != only:
            self._roster.replace_only(here[0])


class Single:
    """A source out of one sensor whose `read()` gives (celsius, quality): the board's own, without a key."""

    def __init__(self, sensor, kind=None):
        self._sensor = sensor
        self.kind = kind
        self.samples, self.combine, self.max_step_c = 1, "median", None

    async def read(self):
        """[(None, celsius, quality, None)]"""
        celsius, quality = await self._sensor.read()
        return [(None, celsius, quality, None)]
