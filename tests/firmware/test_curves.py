"""The probe's and the hub's table of the ITS-90 reference functions, against the functions themselves and
NIST's check values"""

from itertools import pairwise

import numpy as np
import pytest
import thermocouple_its90

from make_curves import FILES, SPANS, module
from probe.sensors.curve import GAIN_6675, GAINS, Curve
from probe.sensors.thermocouple import SPANS as TYPES
from temphub_kernel.journal.records import chips
from thermocouple_bench import AT_C, COLD_C, errors

C = 4096
# mV at °C as NIST's tables print them (SRD 60, cold junction 0 °C), to half of their last digit.
NIST = {
    "E": {-200: -8.825, -100: -5.237, 0: 0.0, 100: 6.319, 500: 37.005, 1000: 76.373},
    "J": {-210: -8.095, -100: -4.633, 0: 0.0, 100: 5.269, 500: 27.393, 1000: 57.953, 1200: 69.553},
    "K": {-200: -5.891, -100: -3.554, 0: 0.0, 25: 1.0, 100: 4.096, 500: 20.644, 1000: 41.276, 1372: 54.886},
    "N": {-200: -3.990, -100: -2.407, 0: 0.0, 100: 2.774, 500: 16.748, 1000: 36.256, 1300: 47.513},
    "R": {-50: -0.226, 0: 0.0, 100: 0.647, 500: 4.471, 1000: 10.506, 1500: 17.451, 1768: 21.101},
    "S": {-50: -0.236, 0: 0.0, 100: 0.646, 500: 4.233, 1000: 9.587, 1500: 15.582, 1768: 18.693},
    "T": {-200: -5.603, -100: -3.379, 0: 0.0, 100: 4.279, 200: 9.288, 400: 20.872},
}


def test_the_table_is_what_the_reference_functions_make():
    """Nobody edits it by hand; probe and hub have one and the same."""
    for file in FILES:
        assert file.read_text(encoding="utf-8") == module(), file


@pytest.mark.parametrize("letter", sorted(NIST))
def test_each_type_has_nists_check_values(letter):
    """The library that makes the table, and the lines of probe and hub, give what NIST printed: within its
    last digit and 0.02 °C."""
    probe, hub = Curve("max31855", letter), chips.curve("max31855", letter)
    for celsius, printed in NIST[letter].items():
        assert thermocouple_its90.get(letter).emf(celsius) == pytest.approx(printed, abs=0.00051)
        # What a chip at 0 °C would say of it.
        said = printed * 1e6 / GAINS[letter]
        last_digit = 0.0005e6 / (GAINS[letter] / 4)
        told = probe.decode(round(said * C), 0)[0] / C
        assert told == pytest.approx(celsius, abs=0.02 + last_digit + 1 / 32)
        assert hub.true(np.array([round(said * 1e7)]), np.array([0]))[0][0] / 1e7 == told


def test_the_hub_has_the_probes_numbers():
    """Gains of the chips and spans of the types stand in the firmware and in the hub: they are the same."""
    assert (
        chips.GAINS == GAINS
        and chips.GAIN_6675 == GAIN_6675
        and {one: TYPES[one] for one in GAINS} == chips.SPANS
    )


@pytest.mark.parametrize("letter", sorted(SPANS))
def test_the_hub_corrects_to_what_the_probe_would_have_sent(letter):
    """Every step that a MAX31855 can say, and chips from −40 to 85 °C in the steps of theirs: the same number
    and the same mark."""
    probe, hub = Curve("max31855", letter), chips.curve("max31855", letter)
    steps = np.arange(-1 << 13, 1 << 13, 3)
    for cold in (-640, 0, 401, 1360):
        true, beyond = hub.true(steps * 2_500_000, np.full(len(steps), cold * 625_000))
        told = [probe.decode(int(step) * C // 4, cold * C // 16) for step in steps]
        assert true.tolist() == [value * 10_000_000 // C for value, _ in told]
        assert beyond.tolist() == [quality == "range" for _, quality in told]
        inside = ~beyond
        again = hub.true(
            hub.said(true[inside], np.full(inside.sum(), cold * 625_000)),
            np.full(inside.sum(), cold * 625_000),
        )[0]
        assert np.abs(again - true[inside]).max() <= 625_000 and (again == true[inside]).mean() > 0.99


@pytest.mark.parametrize("letter", sorted(SPANS))
def test_each_type_is_true_over_its_span(letter):
    """What the chip would say, unrounded, gives back the tip within 0.1 °C, at each degree and for chips from
    −40 to 85 °C."""
    curve, its90 = Curve("max31855", letter), thermocouple_its90.get(letter)
    low, high = max(SPANS[letter][0], -200), SPANS[letter][1]
    for cold in (-40, 0, 25, 50, 85):
        for celsius in range(low, high + 1):
            chip = (its90.emf(celsius) - its90.emf(cold)) * 1e6 / GAINS[letter] + cold
            value, quality = curve.decode(round(chip * C), cold * C)
            assert abs(value / C - celsius) <= 0.1 and quality is None, (letter, celsius, cold, value / C)


def test_every_word_a_max31855_can_say_gives_a_number():
    """16,384 steps and the coldest and the warmest chip: never an error, rising with the step, marked beyond
    the span."""
    for letter in SPANS:
        curve = Curve("max31855", letter)
        for cold in (-55 * C, 25 * C, 127 * C):
            told = [curve.decode(step * C // 4, cold) for step in range(-1 << 13, 1 << 13, 7)]
            assert all(type(value) is int for value, _ in told)
            assert all(b[0] >= a[0] for a, b in pairwise(told)), letter
            # An R goes further than the chip can say.
            assert told[0][1] == "range" and (letter == "R" or told[-1][1] == "range"), letter


def test_a_max6675_too():
    """Type K with its own gain and a chip of 25 °C."""
    curve, its90 = Curve("max6675", "K"), thermocouple_its90.get("K")
    for celsius in range(0, 1000, 3):
        chip = (its90.emf(celsius) - its90.emf(25)) * 1e6 / GAIN_6675 + 25
        value = curve.decode(round(chip * C), None)[0]
        assert abs(value / C - celsius) <= 0.1
        hub = chips.curve("max6675", "K").true(
            np.array([round(chip * C) * 10_000_000 / C]), np.array([250_000_000])
        )[0][0]
        assert abs(int(hub) - value * 10_000_000 // C) <= 625_000


@pytest.mark.parametrize("letter", sorted(AT_C))
def test_the_table_of_errors_holds(letter):
    """At 12 temperatures and with the chip at 0 and 40 °C: told within 0.2 °C (K) or 0.4 of NIST's function,
    stored numbers alike; without the chip's temperature within what is said, give or take the chip's own
    step."""
    assert len(AT_C[letter]) == 12 and len(COLD_C) == 2
    for celsius in AT_C[letter]:
        for cold in COLD_C:
            _, probe, stored, without, told = errors("max31855", letter, celsius, cold)
            assert abs(probe) <= (0.2 if letter == "K" else 0.4) and stored == probe, (celsius, cold)
            assert abs(without) <= told + 0.4, (celsius, cold)
