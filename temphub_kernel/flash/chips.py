"""The chips a probe can have: where their MicroPython begins, and what an image says it is for. Any
thread."""

import re
from pathlib import Path
from typing import NamedTuple

from ..core import TempHubError


class Chip(NamedTuple):
    """name: as esptool's --chip; offset: where the image is written; number: as in the image's own header."""

    name: str
    offset: int
    number: int


CHIPS = (
    Chip("esp32", 0x1000, 0),
    Chip("esp32s2", 0x1000, 2),
    Chip("esp32c3", 0x0, 5),
    Chip("esp32s3", 0x0, 9),
    Chip("esp32c6", 0x0, 13),
)
# The family is what esptool says it talks to: "Connected to ESP32-C3 on COM5:" (5), "Detecting chip type...
# ESP32-C3" (4 and 5). What it says of the housing ("Chip type: ESP8685 (QFN28)", "Chip is ESP32-S0WDQ6") is
# another name for the same chip.
FAMILY = re.compile(r"(?:Connected to|Detecting chip type\.\.\.)\s*(ESP\d+(?:-[A-Z]\d+)?)\b", re.IGNORECASE)
HOUSING = re.compile(r"(?:Chip type:|Chip is)\s*(ESP\d+(?:-[SCHP]\d+)?)", re.IGNORECASE)
MAGIC = 0xE9
HEADER = 24
SMALLEST = 512 * 1024


def chip_in(output: str) -> Chip:
    """The chip that esptool says it found. Raises TempHubError for one that cannot be a probe."""
    told = FAMILY.findall(output) or HOUSING.findall(output)
    name = told[-1].lower().replace("-", "") if told else ""
    for chip in CHIPS:
        if chip.name == name:
            return chip
    raise TempHubError(
        f"The board has the chip {told[-1] if told else 'of a kind that esptool does not name'}, which "
        "cannot be a probe.",
        "Use a board with an ESP32, ESP32-S2, ESP32-S3, ESP32-C3 or ESP32-C6.",
        code="wrong_chip",
    )


def chip_of_image(image: Path) -> Chip:
    """The chip that a MicroPython image is made for, out of its header. Raises TempHubError."""
    try:
        size = image.stat().st_size
        with image.open("rb") as file:
            header = file.read(HEADER)
    except OSError as error:
        raise TempHubError(
            f"The image {image} cannot be read ({error.strerror or error}).",
            "Give the path of a MicroPython image for your board with --image.",
            code="no_image",
        ) from error
    if len(header) < HEADER or header[0] != MAGIC or size < SMALLEST:
        raise TempHubError(
            f"{image} is not a MicroPython image for an ESP32 ({size} bytes), so the board was not touched.",
            "Download the .bin file (not .app-bin, .elf or .uf2) for your board from micropython.org.",
            code="bad_image",
        )
    number = int.from_bytes(header[12:14], "little")
    for chip in CHIPS:
        if chip.number == number:
            return chip
    raise TempHubError(
        f"{image} is made for a chip with the number {number}, which cannot be a probe.",
        "Download the image for your board from micropython.org.",
        code="bad_image",
    )


def find_image(given: Path | None, chip: Chip, folders: list[Path]) -> Path:
    """The image to write: the one given, else the newest one for this chip in `folders`. Raises
    TempHubError."""
    if given is not None:
        if chip_of_image(given) != chip:
            raise TempHubError(
                f"{given.name} is made for {chip_of_image(given).name}, and the board has {chip.name}, so "
                "the board was not touched.",
                f"Download the MicroPython image for {chip.name} from micropython.org and give it with "
                "--image.",
                code="wrong_chip",
            )
        return given
    fitting = []
    for path in (path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.bin"))):
        try:
            if chip_of_image(path) == chip:
                fitting.append(path)
        except TempHubError:
            # Some other .bin file that lies there.
            continue
    if fitting:
        # Their names end in a date and a version: the last one is the newest.
        return max(fitting, key=lambda path: path.name)
    raise TempHubError(
        f"No MicroPython image for {chip.name} was found in {' or '.join(str(folder) for folder in folders)}"
        ".",
        f"Download the .bin file for {chip.name} from micropython.org into this folder, or give its path "
        "with --image.",
        code="no_image",
    )
