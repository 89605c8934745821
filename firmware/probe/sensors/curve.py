"""The true temperature of a thermocouple whose chip reckons with a straight line: MAX31855 and MAX6675. Whole
numbers only."""

from array import array
from binascii import a2b_base64

from probe.reading import UNITS_PER_C
from probe.rooms import give_up
from probe.sensors.thermocouple import SPANS

# nV for each °C that the chip reckons with (MAX31855 data sheet, table 1).
GAINS = {"E": 76373, "J": 57953, "K": 41276, "N": 36256, "R": 10506, "S": 9587, "T": 52180}
# And a MAX6675, of type K only.
GAIN_6675 = 41000
# It does not tell its own temperature; from 0 to 85 °C there the true value is within 0.7 °C of what is told.
COLD_6675 = 25 * UNITS_PER_C
# The chip's own steps are coarser.
_STEP = UNITS_PER_C // 16
_TEN_NV = 10 * UNITS_PER_C


class Curve:
    """The reference function of one type, and its reverse, as lines from point to point."""

    def __init__(self, kind, letter):
        from probe.sensors import its90

        celsius, text = its90.TABLES[letter]
        give_up("probe.sensors.its90")
        raw = a2b_base64(text)
        self._units = array("i", bytes(len(raw)))
        # In 10 nV.
        self._emf = array("i", bytes(len(raw)))
        for at in range(len(raw) // 4):
            step, high, middle, low = raw[4 * at : 4 * at + 4]
            celsius += step
            emf = high << 16 | middle << 8 | low
            self._units[at] = celsius * UNITS_PER_C
            self._emf[at] = emf - (emf >> 23 << 24)
        self._gain = GAIN_6675 if kind == "max6675" else GAINS[letter]
        # A step of the chip beyond the end may still be the end.
        step = self._gain // 40
        low, high = SPANS[letter]
        self._low = self._line(low * UNITS_PER_C, self._units, self._emf) - step
        self._high = self._line(high * UNITS_PER_C, self._units, self._emf) + step

    def decode(self, chip, cold):
        """(units, quality): what the tip has when the chip says `chip`, itself at `cold`; 'range' beyond
        where the type is defined.

        cold None: the chip does not tell it.
        """
        if cold is None:
            cold = COLD_6675
        emf = (chip - cold) * self._gain // _TEN_NV + self._line(cold, self._units, self._emf)
        units = self._line(emf, self._emf, self._units)
        return (units + _STEP // 2) // _STEP * _STEP, None if self._low <= emf <= self._high else "range"

    @staticmethod
    def _line(x, xs, ys):
        at = 0
        while at < len(xs) - 2 and xs[at + 1] <= x:
            at += 1
        return ys[at] + (x - xs[at]) * (ys[at + 1] - ys[at]) // (xs[at + 1] - xs[at])
