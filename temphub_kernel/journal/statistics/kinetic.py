"""Mean kinetic temperature: how warm it would have to be all the time to do as much harm. The one definition;
see analysis/excursions.py for its sources. Any thread; pure.
"""

import numpy as np

from ..columns import Floats
from .exceedance import Line

# kJ/mol and kJ/(mol·K): with these ΔH/R is 10,000 K, as in USP's own examples.
DELTA_H = 83.14472
GAS_CONSTANT = 8.314472e-3
ZERO_C = 273.15


def mean(line: Line, delta_h: float = DELTA_H) -> float:
    """In °C, of at least one reading; delta_h in kJ/mol."""
    kelvin, energy = line.celsius + ZERO_C, delta_h / GAS_CONSTANT
    # Taken from the warmest, so that no exponential of a cryostat's temperatures is too small to be a number.
    warmest = kelvin.max()
    rate = np.average(np.exp(energy / warmest - energy / kelvin), weights=weights(line))
    return float(energy / (energy / warmest - np.log(rate)) - ZERO_C)


def weights(line: Line) -> Floats:
    """For how long each reading counts, by the trapezoidal rule; alike where all stand alone."""
    held = np.diff(line.ms) * line.whole
    found: Floats = (np.r_[held, 0.0] + np.r_[0.0, held]) / 2
    return found if found.any() else np.ones(len(found))
