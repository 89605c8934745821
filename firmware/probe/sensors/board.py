"""All sensors of one board: read together, numbered by the roster, remembered for /status."""

import asyncio

from probe.reading import Celsius
from probe.sensors import filtering


class Board:
    """`await read()` -> [(number, units, quality, cold)], `chip` behind it where a source gives one, number 0
    always among them.

    One source that hangs does not stop the others.
    """

    def __init__(self, sources, roster, timeout_s=5):
        self._sources = sources
        self._roster = roster
        self._timeout_s = timeout_s
        # number -> (kind, units, quality, cold)
        self._last = {}
        self._absent = True

    async def read(self):
        """One round. Sensors that were here since the start and are gone are 'missing', for as long as the
        board runs."""
        before = None
        while True:
            answers = await asyncio.gather(*[self._ask(source) for source in self._sources])
            newcomer = self._newcomer(answers)
            if not newcomer or self._absent or newcomer == before:
                break
            # Exchanged between two rounds, or the old one only failed to answer once: asked again, it tells.
            before = newcomer
        if newcomer:
            self._roster.replace_only(newcomer)
        seen = {}
        for at, found in enumerate(answers):
            source = self._sources[at]
            for key, units, quality, *more in found:
                # A number is for a sensor that was seen, not for one that an exchange has just put out of
                # use.
                number = self._roster.number(key) if quality != "missing" or self._roster.knows(key) else None
                if number is not None:
                    before = self._last.get(number, (None, None))[1]
                    quality = filtering.mark_jump(units, quality, before, source.max_step)
                    seen[number] = (source.kind, units, quality) + tuple(more)
        for number in set(self._last) | {0}:
            if number not in seen:
                seen[number] = (
                    self._last[number][0] if number in self._last else None,
                    None,
                    "missing",
                    None,
                )
        self._last = seen
        self._absent = seen[0][2] == "missing"
        return [(number,) + seen[number][1:] for number in sorted(seen)]

    def numbers(self):
        """The sensors seen since the start, by number."""
        return sorted(self._last) or [0]

    def status(self, board_id):
        """What /status says of each: id, kind, last_c, quality, and cold_junction_c of a thermocouple."""
        told = []
        for number in sorted(self._last):
            kind, units, quality, cold = self._last[number][:4]
            last = None if units is None else Celsius(units)
            entry = {
                "id": self._roster.probe_id(board_id, number),
                "kind": kind,
                "last_c": last,
                "quality": quality,
            }
            if cold is not None:
                entry["cold_junction_c"] = Celsius(cold)
            told.append(entry)
        return told

    async def _ask(self, source):
        try:
            return await asyncio.wait_for(filtering.sample(source), self._timeout_s * source.samples)
        except (OSError, ValueError, asyncio.TimeoutError):
            return []

    def _newcomer(self, answers):
        """The key of a spare part: a board that ever had one sensor only finds another one in its place. Else
        None."""
        only = self._roster.only()
        here = [
            key
            for found in answers
            for key, _, quality, *_ in found
            if quality != "missing" and key is not None
        ]
        return here[0] if only and len(here) == 1 and here[0] != only else None
