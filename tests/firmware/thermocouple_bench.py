"""How far what is told is from NIST's reference functions, before and after: `python
tests/firmware/thermocouple_bench.py` (markdown).

For each type 12 temperatures, and the chip itself at two. What a MAX31855 says is rounded to its steps (0.25
°C, 0.0625 °C for its own temperature). Before: just that (firmware up to 0.3.0); probe: what the firmware
makes of it; stored: what the hub makes of a stored number with the chip's temperature beside it; without: of
one that has none (taken for 25 °C), with the uncertainty that is told. A MAX6675 never tells its own
temperature. Errors in °C.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "firmware"), str(HERE.parents[1]), str(HERE)]

import numpy as np  # noqa: E402
import thermocouple_its90  # noqa: E402

from probe.sensors.curve import GAIN_6675, GAINS, Curve  # noqa: E402
from temphub_kernel.journal.records import chips  # noqa: E402

C, U = 4096, 10_000_000
COLD_C, ASSUMED_C, WITHIN_C = (0.0, 40.0), 25.0, 25.0
AT_C = {
    "E": (-200, -150, -100, -50, 4, 100, 200, 400, 600, 800, 900, 1000),
    "J": (-200, -150, -100, -50, 4, 100, 200, 400, 600, 800, 1000, 1200),
    "K": (-200, -150, -80, -20, 4, 100, 300, 500, 800, 1000, 1200, 1370),
    "N": (-200, -150, -100, -50, 4, 100, 300, 500, 800, 1000, 1200, 1300),
    "R": (-40, -20, 4, 100, 300, 500, 800, 1000, 1200, 1400, 1600, 1750),
    "S": (-40, -20, 4, 100, 300, 500, 800, 1000, 1200, 1400, 1600, 1750),
    "T": (-200, -150, -100, -50, -20, 4, 50, 100, 150, 200, 300, 400),
}
AT_6675_C = (4, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000)


def said(letter, gain, true_c, cold_c):
    """(what the chip says, its own temperature as it tells it), in °C."""
    its90 = thermocouple_its90.get(letter)
    emf = (its90.emf(true_c) - its90.emf(cold_c)) * 1e6
    return round((emf / gain + cold_c) * 4) / 4, round(cold_c * 16) / 16


def errors(chip, letter, true_c, cold_c):
    """Before, probe, hub with the chip's temperature, hub without, and the uncertainty told of the latter, in
    °C."""
    gain = GAIN_6675 if chip == "max6675" else GAINS[letter]
    chip_c, own_c = said(letter, gain, true_c, cold_c)
    told = (
        Curve(chip, letter).decode(round(chip_c * C), None if chip == "max6675" else round(own_c * C))[0] / C
    )
    curve, number = chips.curve(chip, letter), np.array([round(chip_c * U)])
    with_c, without_c = (
        curve.true(number, np.array([round(one * U)]))[0][0] / U for one in (own_c, ASSUMED_C)
    )
    off_c = curve.spread(number, np.array([round(ASSUMED_C * U)]), round(WITHIN_C * U))[0] / U
    return chip_c - true_c, told - true_c, with_c - true_c, without_c - true_c, off_c


def table(chip, letter, at_c):
    """Markdown lines."""
    yield f"\n**{chip.upper()}, type {letter}**\n"
    yield (
        "| °C | "
        + " | ".join(
            f"chip {cold:g} °C: before | probe | stored, with `cold_c` | without, told ±" for cold in COLD_C
        )
        + " |"
    )
    yield "|---:|" + "---:|" * 8
    worst = [[0.0] * 4 for _ in COLD_C]
    for true_c in at_c:
        cells = []
        for place, cold_c in enumerate(COLD_C):
            *found, off_c = errors(chip, letter, true_c, cold_c)
            worst[place] = [max(one, abs(other)) for one, other in zip(worst[place], found, strict=True)]
            stored = "" if chip == "max6675" else f"{found[2]:+.2f}"
            cells += [f"{found[0]:+.2f}", f"{found[1]:+.2f}", stored, f"{found[3]:+.2f} ±{off_c:.1f}"]
        yield f"| {true_c} | " + " | ".join(cells) + " |"
    cells = [
        "" if chip == "max6675" and kind == 2 else f"{one:.2f}"
        for place in worst
        for kind, one in enumerate(place)
    ]
    yield "| worst | " + " | ".join(cells) + " |"


def main():
    for letter, at_c in AT_C.items():
        sys.stdout.write("\n".join(table("max31855", letter, at_c)) + "\n")
    sys.stdout.write("\n".join(table("max6675", "K", AT_6675_C)) + "\n")


if __name__ == "__main__":
    main()
