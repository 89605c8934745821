"""The journal: the only meeting point of the hub's parts, and the only room with sqlite3.

One writer (its own thread) appends; everyone else reads with a read-only connection of their own, from any process.
"""

from .answers import Bucket, Fault, Newest, Point
from .archive import Archive
from .calibration import Calibration, calibrate, forget
from .columns import FIELDS, NO_VALUE, QUALITY, Columns, celsius_of
from .commit import Outcome
from .damage import looks_damaged, put_damaged_aside
from .keeper import Keeper
from .latest import AHEAD_MS
from .probes import ProbeBook, save_bookmark
from .reader import Reader
from .remarks import Annotation, annotate, describe, erase
from .rollups import RollUps
from .schema import bring_up_to_date
from .steps import Steps
from .writer import Writer

__all__ = [
    "AHEAD_MS",
    "FIELDS",
    "NO_VALUE",
    "QUALITY",
    "Annotation",
    "Archive",
    "Bucket",
    "Calibration",
    "Columns",
    "Fault",
    "Keeper",
    "Newest",
    "Outcome",
    "Point",
    "ProbeBook",
    "Reader",
    "RollUps",
    "Steps",
    "Writer",
    "annotate",
    "bring_up_to_date",
    "calibrate",
    "celsius_of",
    "describe",
    "erase",
    "forget",
    "looks_damaged",
    "put_damaged_aside",
    "save_bookmark",
]
