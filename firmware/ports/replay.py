"""The virtual probe's sensor: a recorded temperature series, replayed faster than it happened. See
series/README.md."""

from array import array

SERIES = "alamosa.txt"
RECORDED_STEP_S = 60
# One recorded minute passes in 2 s, so that a day is seen in 48 minutes and a chart visibly moves.
SPEED = 30
# Of a DS18B20, in units of 2**-12 °C and in parts of a degree.
_STEP = 256
_STEPS_PER_C = 16
# factor, centre: the recorded distance from its own mean, made smaller, around another mean.
_PROFILES = {"room": (0.3, 21.5), "fridge": (0.15, 4.5), "freezer": (0.2, -18.5), "outdoor": (1, None)}


def load(path):
    """Tenths of °C, one a line; lines that begin with # are notes."""
    values = array("h")
    with open(path) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                values.append(int(line))
    if len(values) < 2:
        raise ValueError(f"The recorded series {path} is empty. Put the file back from the download.")
    return values


def path_of(name):
    """Where the series lies beside this file."""
    # os.path does not exist on MicroPython.
    cut = max(__file__.rfind("/"), __file__.rfind("\\")) + 1
    return __file__[:cut] + "series/" + name


def start_of(probe_id, span_s):
    """A start in the series that is always the same for a probe and different between probes."""
    mark = 2166136261
    for byte in probe_id.encode():
        mark = ((mark ^ byte) * 16777619) & 0xFFFFFFFF
    # The last rounds mix too little: ids that differ in their last digit would start side by side.
    mark = ((mark ^ mark >> 15) * 2246822507) & 0xFFFFFFFF
    return (mark ^ mark >> 13) % span_s


class Replay:
    """A sensor over the series; `elapsed_ms()` tells how long the probe has run."""

    def __init__(self, values, elapsed_ms, profile, start_s):
        self._values = values
        self._elapsed_ms = elapsed_ms
        self._start_s = start_s
        self._mean = sum(values) / len(values) / 10
        self._factor, centre = _PROFILES[profile]
        self._centre = self._mean if centre is None else centre

    async def read(self):
        """(units, None), like a sensor that never fails."""
        return self.at(self._start_s + self._elapsed_ms() * SPEED / 1000), None

    def at(self, recorded_s):
        """The value that many recorded seconds into the series in units of 2**-12 °C, in the steps of a
        DS18B20."""
        celsius = self._centre + self._factor * (self._recorded(recorded_s) - self._mean)
        return int(celsius * _STEPS_PER_C + (0.5 if celsius > 0 else -0.5)) * _STEP

    def _recorded(self, recorded_s):
        # Forwards, then backwards: starting over would jump by the difference between the day's two ends.
        last = len(self._values) - 1
        place = (recorded_s / RECORDED_STEP_S) % (2 * last)
        place = min(place, 2 * last - place)
        low = min(int(place), last - 1)
        part = place - low
        return (self._values[low] * (1 - part) + self._values[low + 1] * part) / 10


class Single:
    """A source out of one sensor whose `read()` gives (units, quality): the board's own, without a key."""

    def __init__(self, sensor, kind=None):
        self._sensor = sensor
        self.kind = kind
        self.samples, self.combine, self.max_step = 1, "median", None

    async def read(self):
        """[(None, units, quality, None)]"""
        units, quality = await self._sensor.read()
        return [(None, units, quality, None)]
