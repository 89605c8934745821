"""Mean kinetic temperature: how warm it would have to be all the time to do as much harm. The one definition;
see analysis/excursions.py for its sources. Any thread; pure.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..columns import Floats
from .exceedance import Line

# kJ/mol and kJ/(mol·K): with these ΔH/R is 10,000 K, as in USP's own examples.
DELTA_H = 83.14472
GAS_CONSTANT = 8.314472e-3
ZERO_C = 273.15


class Harm(NamedTuple):
    """What a line adds up to, so that two which share a reading, the last of one and the first of the other,
    can be joined.

    energy: ΔH/R in K. Rates are taken from `warmest` (K), so that no exponential of a cryostat's temperatures
    is too small to be a number. rate, warmth (°C), held: over time. alone: rate, °C and number of all
    readings but the last, `last_c`, each counting alike.
    """

    energy: float
    warmest: float
    rate: float
    warmth: float
    held: float
    alone: tuple[float, float, int]
    last_c: float

    @property
    def readings(self) -> int:
        """How many there are."""
        return self.alone[2] + 1

    @property
    def mean_c(self) -> float:
        """The plain mean over time in °C; of readings that all stand alone theirs."""
        return self.warmth / self.held if self.held else (self.alone[1] + self.last_c) / self.readings

    @property
    def kinetic_c(self) -> float:
        """The mean kinetic temperature in °C."""
        last = math.exp(self.energy / self.warmest - self.energy / (self.last_c + ZERO_C))
        rate = self.rate / self.held if self.held else (self.alone[0] + last) / self.readings
        return self.energy / (self.energy / self.warmest - math.log(rate)) - ZERO_C

    def joined(self, later: Harm) -> Harm:
        """Of both lines as one."""
        warmest = max(self.warmest, later.warmest)
        mine, its = (math.exp(self.energy / warmest - self.energy / one.warmest) for one in (self, later))
        return Harm(
            self.energy,
            warmest,
            self.rate * mine + later.rate * its,
            self.warmth + later.warmth,
            self.held + later.held,
            (
                self.alone[0] * mine + later.alone[0] * its,
                self.alone[1] + later.alone[1],
                self.alone[2] + later.alone[2],
            ),
            later.last_c,
        )


def harm_of(line: Line, delta_h: float = DELTA_H) -> Harm:
    """Of at least one reading; delta_h in kJ/mol."""
    kelvin, energy = line.celsius + ZERO_C, delta_h / GAS_CONSTANT
    warmest = float(kelvin.max())
    rate, weight = np.exp(energy / warmest - energy / kelvin), weights(line)
    return Harm(
        energy,
        warmest,
        float((rate * weight).sum()),
        float((line.celsius * weight).sum()),
        float(weight.sum()),
        (float(rate[:-1].sum()), float(line.celsius[:-1].sum()), len(kelvin) - 1),
        float(line.celsius[-1]),
    )


def mean(line: Line, delta_h: float = DELTA_H) -> float:
    """In °C, of at least one reading; delta_h in kJ/mol."""
    return harm_of(line, delta_h).kinetic_c


def weights(line: Line) -> Floats:
    """For how long each reading counts, by the trapezoidal rule; nothing where all stand alone."""
    held = np.diff(line.ms) * line.whole
    found: Floats = (np.r_[held, 0.0] + np.r_[0.0, held]) / 2
    return found
