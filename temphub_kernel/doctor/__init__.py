"""`temphub doctor`: is this computer fit to be the hub, and what is wrong? Each line: what was checked, the
result, a remedy.

Works with the hub running (asks it) and without. Reads and measures only; nothing is changed.
"""

from ..core.finding import Finding
from .cli import doctor, examine

__all__ = ["Finding", "doctor", "examine"]
