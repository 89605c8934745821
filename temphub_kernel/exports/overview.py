"""A workbook's first sheet: what is in it, each probe's figures, and a chart that stays light for any range.

Gathered while the rows pass by, in memory that does not grow with them. The export's thread only.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .source import Piece, celsius

Floats = npt.NDArray[np.float64]
# More points than a screen has columns would only make Excel slow.
CHART_POINTS = 1000


@dataclass
class ProbeFigures:
    """What is known of one probe's rows. °C, milliseconds UTC; readings: the good ones; faults: rows without a number."""

    lowest: float = np.inf
    highest: float = -np.inf
    total: float = 0.0
    readings: int = 0
    faults: int = 0
    first_ms: int = 2**62
    last_ms: int = 0
    sums: Floats = field(default_factory=lambda: np.zeros(CHART_POINTS))
    numbers: Floats = field(default_factory=lambda: np.zeros(CHART_POINTS))

    def means(self) -> Floats:
        """The mean in each of the chart's steps, NaN where there is none."""
        found: Floats = np.divide(self.sums, self.numbers, out=np.full(CHART_POINTS, np.nan), where=self.numbers > 0)
        return found

    def take(
        self, at_ms: "npt.NDArray[np.int64]", step: "npt.NDArray[np.int64]", low: Floats, mean: Floats, high: Floats, counts: Floats
    ) -> None:
        """Some rows of this probe."""
        self.first_ms, self.last_ms = min(self.first_ms, int(at_ms.min())), max(self.last_ms, int(at_ms.max()))
        good = ~np.isnan(mean)
        self.faults += int(len(mean) - good.sum())
        if good.any():
            weights = mean[good] * counts[good]
            self.lowest, self.highest = min(self.lowest, float(low[good].min())), max(self.highest, float(high[good].max()))
            self.total += float(weights.sum())
            self.readings += int(counts[good].sum())
            self.sums += np.bincount(step[good], weights, CHART_POINTS)
            self.numbers += np.bincount(step[good], counts[good], CHART_POINTS)


class Overview:
    """Figures of all probes over [from_ms, to_ms)."""

    def __init__(self, from_ms: int, to_ms: int) -> None:
        self.from_ms = from_ms
        self.step_ms = max(-(-(to_ms - from_ms) // CHART_POINTS), 1)
        self.probes: dict[str, ProbeFigures] = {}

    def times_ms(self) -> "npt.NDArray[np.int64]":
        """The middle of each of the chart's steps."""
        return self.from_ms + np.arange(CHART_POINTS, dtype=np.int64) * self.step_ms + self.step_ms // 2

    def add(self, piece: Piece) -> None:
        """Take some rows in."""
        step = np.clip((piece.at_ms - self.from_ms) // self.step_ms, 0, CHART_POINTS - 1)
        columns = [celsius(units) for units in piece.units.values()]
        mean = celsius(piece.units["mean_c"]) if "mean_c" in piece.units else columns[0]
        low, high = (celsius(piece.units["min_c"]), celsius(piece.units["max_c"])) if "mean_c" in piece.units else (mean, mean)
        counts = piece.counts.astype(np.float64) if len(piece.counts) else np.ones(len(mean))
        for no in np.unique(piece.probe).tolist():
            mine = piece.probe == no
            figures = self.probes.setdefault(piece.ids[no], ProbeFigures())
            figures.take(piece.at_ms[mine], step[mine], low[mine], mean[mine], high[mine], counts[mine])
