"""A workbook's first sheet: what is in it, each probe's figures, and a chart that stays light for any range.

Gathered while the rows pass by, in memory that does not grow with them. The export's thread only.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..journal.weights import Running
from .source import Piece, celsius

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# More points than a screen has columns would only make Excel slow.
CHART_POINTS = 1000


@dataclass
class ProbeRows:
    """What is known of one probe's rows. Milliseconds UTC; faults: rows without a number; good: whether there are others.

    total, held: of each of the chart's steps the sum of the temperatures (°C), each times how long it holds, and of those times.
    """

    faults: int = 0
    good: bool = False
    first_ms: int = 2**62
    last_ms: int = 0
    total: Floats = field(default_factory=lambda: np.zeros(CHART_POINTS))
    held: Floats = field(default_factory=lambda: np.zeros(CHART_POINTS))
    running: Running = field(default_factory=Running)

    def means(self) -> Floats:
        """The mean over time in each of the chart's steps, NaN where there is none."""
        found: Floats = np.divide(self.total, self.held, out=np.full(CHART_POINTS, np.nan), where=self.held > 0)
        return found

    def take(self, step: Whole, mean: Floats, held: "Floats | Whole") -> None:
        """What holds for some time, by step."""
        self.total += np.bincount(step, mean * held, CHART_POINTS)
        self.held += np.bincount(step, held, CHART_POINTS)


class Overview:
    """What passes by of all probes over [from_ms, to_ms)."""

    def __init__(self, from_ms: int, to_ms: int) -> None:
        self.from_ms = from_ms
        self.step_ms = max(-(-(to_ms - from_ms) // CHART_POINTS), 1)
        self.probes: dict[str, ProbeRows] = {}

    def times_ms(self) -> Whole:
        """The middle of each of the chart's steps."""
        return self.from_ms + np.arange(CHART_POINTS, dtype=np.int64) * self.step_ms + self.step_ms // 2

    def add(self, piece: Piece) -> None:
        """Take some rows in."""
        mean = celsius(piece.units["mean_c"] if "mean_c" in piece.units else piece.units["temperature_c"])
        for no in np.unique(piece.probe).tolist():
            mine = piece.probe == no
            at_ms, good = piece.at_ms[mine], mine & ~np.isnan(mean)
            rows = self.probes.setdefault(piece.ids[no], ProbeRows())
            rows.first_ms, rows.last_ms = min(rows.first_ms, int(at_ms.min())), max(rows.last_ms, int(at_ms.max()))
            rows.faults += int(mine.sum() - good.sum())
            rows.good |= bool(good.any())
            if len(piece.held):
                rows.take(self._step(piece.at_ms[good]), mean[good], piece.held[good])
            else:
                moments, values, held = rows.running.add(piece.at_ms[good], mean[good])
                rows.take(self._step(moments), values, held)

    def close(self) -> None:
        """No rows come any more."""
        for rows in self.probes.values():
            moments, values, held = rows.running.rest()
            rows.take(self._step(moments), values, held)

    def _step(self, at_ms: Whole) -> Whole:
        return np.clip((at_ms - self.from_ms) // self.step_ms, 0, CHART_POINTS - 1)
