"""The setting `sensors`: which chip is on which pins. Checked and made into sources, or found on the default
pins.

One entry each: {"type": "ds18b20", "pin": 4}, {"type": "max31855", "sck": 18, "miso": 19, "cs": 5},
{"type": "max31856", "sck": 18, "miso": 19, "mosi": 23, "cs": 5, "thermocouple": "K", "mains_hz": 50}; any may
have "samples" (1 to 16), "combine" ("median" or "mean") and "max_step_c". `pins` is the port's way to the
wires: onewire(pin), spi(entry, mode).
"""

from probe.reading import UNITS_PER_C
from probe.sensors import spi, thermocouple
from probe.sensors.ds18b20 import Ds18b20s

# The pins that an entry of each type must name; the last one belongs to that entry alone.
KINDS = {
    "ds18b20": ("pin",),
    "max31855": ("sck", "miso", "cs"),
    "max6675": ("sck", "miso", "cs"),
    "max31856": ("sck", "miso", "mosi", "cs"),
}
MOST = 8
_REMEDY = 'Write entries such as {"type": "ds18b20", "pin": 4}.'


class Wrong(Exception):
    """The setting cannot be used; the text holds problem and remedy."""


def sources(setting, defaults, pins, now_ms):
    """The sources for a `sensors` setting; for None, what answers on `defaults` ({"pin", "sck", "miso",
    "mosi", "cs"})."""
    if setting is not None:
        return [_source(entry, pins, now_ms) for entry in check(setting)]
    found = [_source(dict(defaults, type="ds18b20"), pins, now_ms)]
    kind = spi.recognize(pins.spi(defaults, 0), pins.spi(defaults, 1))
    if kind:
        found.append(_source(dict(defaults, type=kind), pins, now_ms))
    return found


def check(setting):
    """The setting itself when every entry is usable, else Wrong."""
    if not isinstance(setting, list) or not 0 < len(setting) <= MOST:
        raise Wrong(f"sensors must be a list of 1 to {MOST} entries. {_REMEDY}")
    taken = set()
    for entry in setting:
        if not isinstance(entry, dict) or entry.get("type") not in KINDS:
            raise Wrong(
                "An entry of sensors has no known type. Use one of: " + ", ".join(sorted(KINDS)) + "."
            )
        kind = entry["type"]
        for name in KINDS[kind]:
            if not _whole(entry.get(name), 0, 48):
                raise Wrong(f"The {kind} in sensors has no usable {name}. Write the number of the pin.")
        own = entry[KINDS[kind][-1]]
        if own in taken:
            raise Wrong(
                f"Pin {own} is used twice in sensors. Give each bus and each chip select a pin of its own."
            )
        taken.add(own)
        _check_options(kind, entry)
    return setting


def _check_options(kind, entry):
    step = entry.get("max_step_c")
    if not _whole(entry.get("samples", 1), 1, 16) or entry.get("combine", "median") not in ("median", "mean"):
        raise Wrong(
            f"The {kind} in sensors cannot be sampled like that. Use samples 1 to 16 and combine median or "
            "mean."
        )
    if step is not None and (
        isinstance(step, bool) or not isinstance(step, (int, float)) or not 0 < step <= 2000
    ):
        raise Wrong(
            f"max_step_c of the {kind} in sensors is not a distance in degrees. Write a number such as 10."
        )
    if kind == "max31855" and entry.get("thermocouple") == "B":
        raise Wrong(
            "No MAX31855 is made for thermocouple B. Use the type that stands on the chip (E, J, K, N, R, S "
            "or T)."
        )
    if entry.get("thermocouple", "K") not in thermocouple.SPANS or entry.get("mains_hz", 50) not in (50, 60):
        raise Wrong(
            f"The {kind} in sensors has an unknown thermocouple or mains_hz. Use a type such as K, and 50 or "
            "60."
        )


def _source(entry, pins, now_ms):
    kind = entry["type"]
    if kind == "ds18b20":
        source = Ds18b20s(pins.onewire(entry["pin"]), now_ms)
    elif kind == "max31856":
        letter = entry.get("thermocouple", "K")
        source = spi.Max31856(pins.spi(entry, 1), _key(entry), letter, entry.get("mains_hz", 50))
    elif kind == "max31855":
        source = spi.Max31855(pins.spi(entry, 0), _key(entry), _curve(kind, entry.get("thermocouple", "K")))
    else:
        source = spi.Max6675(pins.spi(entry, 0), _key(entry), _curve(kind, "K"))
    source.samples = entry.get("samples", 1)
    source.combine = entry.get("combine", "median")
    step = entry.get("max_step_c")
    source.max_step = None if step is None else int(step * UNITS_PER_C)
    return source


def _curve(kind, letter):
    # Loaded for these chips only.
    from probe.sensors.curve import Curve

    return Curve(kind, letter)


def _key(entry):
    # These chips have no number of their own: the pin that selects one is its identity.
    return "cs" + str(entry["cs"])


def _whole(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
