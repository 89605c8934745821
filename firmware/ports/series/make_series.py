"""Makes alamosa.txt from pvlib's source archive: `python make_series.py pvlib-0.16.1.tar.gz`. For CPython;
see README.md."""

import sys
import tarfile
from pathlib import Path

MEMBER = "tests/data/surfrad-slv16001.dat"
# SURFRAD's format: 8 columns of time and sun angle, then pairs of value and quality; air temperature is the
# 16th pair.
COLUMN = 38


def tenths(text):
    """The good values of the air temperature column in tenths of °C, in recorded order."""
    rows = [line.split() for line in text.splitlines()[2:]]
    return [round(float(row[COLUMN]) * 10) for row in rows if row[COLUMN + 1] == "0"]


def main():
    """Write the series beside this script."""
    with tarfile.open(sys.argv[1]) as archive:
        member = next(name for name in archive.getnames() if name.endswith(MEMBER))
        text = archive.extractfile(member).read().decode("ascii")
    values = tenths(text)
    notes = (
        "# Air temperature in tenths of a degree Celsius, one a minute: NOAA SURFRAD, Alamosa CO, "
        "2016-01-01 UTC. See README.md.\n"
    )
    Path(__file__).with_name("alamosa.txt").write_text(
        notes + "".join(f"{value}\n" for value in values), encoding="ascii", newline="\n"
    )


if __name__ == "__main__":
    main()
