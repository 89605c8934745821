"""Makes its90.py of the probe (firmware/probe/sensors) and of the hub (temphub_kernel/journal/records), one
and the same text, out of the ITS-90 reference functions: `python make_curves.py` writes both. CPython only.

NIST's published coefficients (NIST ITS-90 Thermocouple Database, SRD 60, public domain), as the library
thermocouple-its90 holds them.
"""

import base64
from pathlib import Path

import thermocouple_its90

# From where to where a table goes: a little beyond what the types' makers promise, where the function is
# defined.
SPANS = {
    "E": (-210, 1000),
    "J": (-210, 1200),
    "K": (-210, 1372),
    "N": (-210, 1300),
    "R": (-50, 1768),
    "S": (-50, 1768),
    "T": (-210, 400),
}
MOST_ERROR_C = 0.02
ROOT = Path(__file__).resolve().parents[2]
FILES = (
    ROOT / "firmware" / "probe" / "sensors" / "its90.py",
    ROOT / "temphub_kernel" / "journal" / "records" / "its90.py",
)
_HEAD = '''"""The ITS-90 reference functions of thermocouples as lines, within 0.02 °C of them.

Made by tests/firmware/make_curves.py out of NIST's published coefficients (SRD 60, public domain). Each text
holds, in base64, four bytes a point: °C since the point before (at the first: {first}), then the voltage in
10 nV as 24 bits with sign. The probe reads it when a chip is set up that needs it (curve.py), the hub for
numbers that were stored uncorrected (chips.py).
"""

# The first point, and the points.
TABLES = {{
{rows}}}
'''


def points(letter):
    """[(°C, 10 nV)]: as few as keep the lines between them near enough to the function."""
    low, high = SPANS[letter]
    emf = {celsius: thermocouple_its90.get(letter).emf(celsius) * 100_000 for celsius in range(low, high + 1)}
    found = [low]
    while found[-1] < high:
        end = found[-1] + 1
        while end < high and end - found[-1] < 255 and _error(emf, found[-1], end + 1) <= MOST_ERROR_C:
            end += 1
        found.append(end)
    return [(celsius, round(emf[celsius])) for celsius in found]


def _error(emf, low, high):
    slope = (emf[high] - emf[low]) / (high - low)
    return max(
        abs(emf[low] + slope * (c - low) - emf[c]) / (emf[c + 1] - emf[c - 1]) * 2
        for c in range(low + 1, high)
    )


def module():
    """The text of the module."""
    rows = ""
    for letter in sorted(SPANS):
        before, raw = SPANS[letter][0], b""
        for celsius, emf in points(letter):
            raw += bytes([celsius - before]) + (emf & 0xFFFFFF).to_bytes(3, "big")
            before = celsius
        text = base64.b64encode(raw).decode()
        lines = "\n".join(f'        b"{text[at : at + 96]}"' for at in range(0, len(text), 96)) + ",\n"
        rows += f'    "{letter}": (\n        {SPANS[letter][0]},\n{lines}    ),\n'
    return _HEAD.format(rows=rows, first="0")


if __name__ == "__main__":
    for file in FILES:
        file.write_text(module(), encoding="utf-8")
