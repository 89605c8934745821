"""Puts the firmware and the shared harness on the path, as they lie side by side on a board."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
for folder in (_HERE, _HERE.parents[1] / "firmware"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
