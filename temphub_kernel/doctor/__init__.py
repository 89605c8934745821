"""`temphub doctor`: is this computer fit to be the hub, and what is wrong? Each line: what was checked, the result, a remedy.

Works with the hub running (asks it) and without. Reads and measures only; nothing is changed.
"""

from ..base.finding import Finding
from .command import doctor
from .run import examine

__all__ = ["Finding", "doctor", "examine"]
