"""docs/probe.md says what the code does."""

import ast
import re

from temphub_kernel.cli.options import parser
from temphub_kernel.core.files import CHECKOUT, firmware
from temphub_kernel.core.reading import QUALITIES

MANUAL = (CHECKOUT / "docs" / "probe.md").read_text(encoding="utf-8")


def constants(name: str) -> dict[str, object]:
    """The plain constants at the top of a firmware file, without running it."""
    found = {}
    for node in ast.parse((firmware() / name).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def row(first: str) -> list[int]:
    """The numbers in the row of the wiring table that begins with this."""
    line = next(line for line in MANUAL.splitlines() if line.startswith(f"| {first}"))
    return [int(cell) for cell in re.findall(r"\| (\d+) ", line)]


def test_the_pins_are_those_of_the_firmware():
    """The wiring table is what the probe searches when nothing is set."""
    told = constants("ports/sensors_esp32.py")
    kinds = [told["_ESP32_PINS"], *(pins for _, pins in told["_SPI_PINS"])]
    for signal, key in (("SCK", "sck"), ("MISO", "miso"), ("MOSI", "mosi"), ("CS", "cs")):
        assert row(signal) == [pins[key] for pins in kinds], signal
    assert row("DS18B20 data") == [told["ONEWIRE_PIN"]] * 3


def test_every_option_quality_and_fault_is_explained():
    """What `temphub flash --help` lists, what a reading may be marked with, and what --fault takes."""
    flash = next(
        action for action in parser(["flash"])._actions if action.choices and "flash" in action.choices
    ).choices["flash"]
    options = [
        option
        for action in flash._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    ]
    assert len(options) > 8
    for word in (*options, *QUALITIES, *constants("ports/faults.py")["FAULTS"]):
        assert f"`{word}" in MANUAL, word


def test_every_sign_of_the_lamp_is_explained():
    """As the lamp blinks, so the manual says; the table's last true row is the one that is shown."""
    signs = constants("probe/signs.py")["PATTERNS"]
    rows = re.findall(r"^\| .* \| `(\w+)` \|", MANUAL.split("## Lamp and button")[1].split("##")[0], re.M)
    assert rows == list(reversed(signs)) and len(rows) == 10


def test_the_states_of_an_update_are_listed():
    """Every state that /status may show under `update`."""
    text = "".join(path.read_text(encoding="utf-8") for path in (firmware() / "probe").glob("update*.py"))
    states = set(re.findall(r'(?:"state": |\bstate=)"(\w+)"', text))
    assert len(states) > 7
    assert not [state for state in states if f"`{state}`" not in MANUAL]
