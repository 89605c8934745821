"""Shops with a freezer each, whose hubs forward to one engine."""

from pathlib import Path

from temphub_kernel.alarms import Rule
from temphub_kernel.core.clock import HOUR_MS, MINUTE_MS, now_ms
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.forward.engine.forwarder import Engine
from temphub_kernel.forward.engine.kinds import Door
from temphub_kernel.journal import Reader, Writer, add_rules, describe

from .engines import Victoria
from .waiting import PATIENCE_S, wait_for

LIMIT_C = -15.0


class Shop:
    """A hub's journal with a reading each minute. Warm for the hours of `warm`, counted back from now: (from,
    to)."""

    def __init__(
        self, folder: Path, site: str, warm: tuple[float, float] = (0, 0), at_c: float = -10
    ) -> None:
        self.site, self.journal, self._at_c = site, folder / site / "temphub.sqlite3", at_c
        self.journal.parent.mkdir(parents=True)
        self._now, self._warm = now_ms() // 1000 * 1000, warm
        self._writer = Writer(self.journal, gather_s=0.0)
        self._writer.start()
        self._engine: Engine | None = None

    def measure(self, from_h: float, to_h: float) -> None:
        """Readings from so many hours ago to so many, with a fault each 50th."""
        first, last = (round(self._now - hours * HOUR_MS) for hours in (from_h, to_h))
        rows = []
        for no, taken_ms in enumerate(range(first, last, MINUTE_MS)):
            ago_h = (self._now - taken_ms) / HOUR_MS
            warm = self._warm[1] <= ago_h <= self._warm[0] and self._warm != (0, 0)
            celsius = (self._at_c if warm else -20.0) + no % 7 / 16
            bad = no % 50 == 20
            rows.append(
                Row(
                    "Freezer",
                    None,
                    None,
                    taken_ms,
                    taken_ms,
                    None if bad else to_units(celsius),
                    "crc" if bad else None,
                )
            )
        self._writer.store(rows)

    def named(self, name: str) -> None:
        """What people call the freezer, and its limit."""
        describe(self._writer, "Freezer", {"alias": name})
        told = "UPDATE probes SET interval_ms=60000 WHERE id='Freezer'"
        self._writer.change(lambda db: db.execute(told).rowcount).result(PATIENCE_S)
        add_rules(self._writer, [Rule("above", limit_c=LIMIT_C).to_json()], "test")

    def forward(self, engine: Victoria) -> None:
        """Send all of it, with what its hours came to and how it is."""
        if self._engine is None:
            self._engine = Engine(
                Door(engine.base), self.site, self.journal, self._writer, every_s=0.05, look_s=0.1
            )
            self._engine.start()
        forwarder = self._engine
        with Reader(self.journal) as reader:
            stored = reader.count()
            first, last = reader.span() or (0, 0)
        hours = last // HOUR_MS - first // HOUR_MS

        def all_there() -> bool:
            report = forwarder.report()
            if report.get("waiting") != 0 or report["hours"] or forwarder.no != stored:
                return False
            there = engine.series(f'{{__name__=~"temphub_(hour_high|level)",site="{self.site}"}}')
            seen = {ms // HOUR_MS for name in there if "high" in name for ms, _ in there[name]}
            return len(seen) >= hours and len(there) >= 2

        wait_for(all_there, 60)

    def close(self) -> None:
        if self._engine is not None:
            assert self._engine.stop()
        assert self._writer.stop()
