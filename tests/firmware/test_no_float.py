"""No float between a sensor's code and the text that is sent, so that the width of a board's floats cannot
matter."""

import ast
import json

import pytest

from probe.reading import Celsius, dumps
from probe.sensors import thermocouple
from probe_interpreters import FIRMWARE
from temphub_kernel.api.schemas import rows_of
from temphub_kernel.core.reading import number_text

PATH = sorted((FIRMWARE / "probe" / "sensors").glob("*.py")) + [
    FIRMWARE / "probe" / name
    for name in (
        "scratchpad.py",
        "reading.py",
        "ring.py",
        "outbox.py",
        "parcel.py",
        "spill.py",
        "spill_block.py",
        "spill_thin.py",
    )
]
PATH += [FIRMWARE / "probe" / name for name in ("state.py", "status.py", "client.py")]


def floats_in(source):
    """The lines where a float can come into being: `/`, float(), round(), a decimal point. Seconds (`…_s`)
    may be one."""
    tree = ast.parse(source)
    seconds = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            named = [*zip(node.args[len(node.args) - len(node.defaults) :], node.defaults, strict=True)]
            seconds |= {id(value) for arg, value in named if arg.arg.endswith("_s")}
        elif isinstance(node, ast.Assign) and all(
            isinstance(t, ast.Name) and t.id.lower().endswith("_s") for t in node.targets
        ):
            seconds.add(id(node.value))
    found = []
    for node in ast.walk(tree):
        divided = isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div)
        made = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("float", "round")
        )
        written = isinstance(node, ast.Constant) and isinstance(node.value, float) and id(node) not in seconds
        if divided or made or written:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", PATH, ids=lambda path: path.name)
def test_no_float_comes_into_being_on_the_way(path):
    """Every file that a value passes through."""
    assert floats_in(path.read_text(encoding="utf-8")) == []


def test_the_check_sees_a_float():
    """What it is to find, it finds; a number of seconds it lets pass."""
    for text in ("x = steps / 4", "x /= 4", "x = float(y)", "x = round(y * 4096)", "x = 0.5", "f(0.25)"):
        assert floats_in(text), text
    assert not floats_in("PAUSE_S = 0.2\ndef f(bus, conversion_s=0.75): return bus // 2")


def test_every_code_comes_out_as_the_chip_said_it():
    """All 524,288 codes of a MAX31856: an int, the one that was said, and its text to the last digit."""
    registers = bytearray(16)
    for code in range(-(1 << 18), 1 << 18):
        registers[12:15] = (code << 5 & 0xFFFFFF).to_bytes(3, "big")
        value = thermocouple.max31856(registers, "K")[0]
        assert type(value) is int and value == code * 32
        # 7 digits behind the point, from a double: it holds each of these exactly.
        whole, _, digits = f"{abs(code) / 128:.7f}".partition(".")
        assert str(Celsius(value)) == ("-" if code < 0 else "") + whole + "." + (digits.rstrip("0") or "0")


def test_every_code_is_stored_by_the_hub_as_the_chip_said_it():
    """Every code of a MAX31856 as the probe writes it, read by the hub: the same 128ths of a degree; beyond
    what can be, the mark alone."""
    wrong = []
    for code in range(-270 * 128, 1800 * 128 + 1):
        text = dumps({"temperature_c": Celsius(code * 32)})
        row = rows_of(json.loads(text), 0)[0][0]
        if row.units != code * 78125 or text != '{"temperature_c": ' + number_text(row.units) + "}":
            wrong.append(code)
    assert wrong == []
    for code in (-(1 << 18), -270 * 128 - 1, 1800 * 128 + 1, (1 << 18) - 1):
        row = rows_of(json.loads(dumps({"temperature_c": Celsius(code * 32)})), 0)[0][0]
        assert (row.units, row.quality) == (None, "range"), code
