"""Run by words32.mjs: every code of a MAX31856 as the board writes it, with words of 32 bits.

Prints one JSON line {"sha256", "codes", "words"}: of the texts, one line each, from the lowest code to the
highest; `words`: the width of the interpreter's small numbers in bits.
"""

import hashlib
import json
import sys

from probe.reading import Celsius
from probe.sensors import thermocouple

AT_ONCE = 4096
more = True
_digest = hashlib.sha256()
_registers = bytearray(16)
_code = -(1 << 18)


def step():
    """The next few thousand."""
    global more, _code  # the harness looks at `more`, a name of the module
    lines = []
    for code in range(_code, _code + AT_ONCE):
        _registers[12:15] = (code << 5 & 0xFFFFFF).to_bytes(3, "big")
        value = thermocouple.max31856(_registers, "K")[0]
        lines.append(str(Celsius(value)) + "\n")
    _digest.update("".join(lines).encode())
    _code += AT_ONCE
    if _code == 1 << 18:
        more = False
        told = "".join(f"{byte:02x}" for byte in _digest.digest())
        words = len(f"{sys.maxsize:b}") + 1
        print(json.dumps({"sha256": told, "codes": 1 << 19, "words": words}))
