"""The journal: the only meeting point of the hub's parts, and the only room with sqlite3.

One writer (its own thread) appends; everyone else reads with a read-only connection of their own, from any process.
"""

from sqlite3 import Error as DatabaseError

from .answers import Newest, Point
from .archive import Archive
from .beyond import Beyond, Passed
from .calendar import Calendar, Edges, WallClock, pieces
from .calibration import Calibration, as_sent, calibrate, forget
from .closing import drop_unfinished
from .columns import FIELDS, JUNCTION, NO_VALUE, QUALITY, STRUCK, Columns, Floats, Ints, celsius_of, iso_of, received_of
from .commit import Outcome
from .curves import CHIPS
from .damage import looks_damaged, put_damaged_aside
from .figures import Figures, Known
from .follower import Follower
from .keeper import Keeper
from .merging import check_common, merge, unmerge
from .passing import Limit
from .probes import HELD, SHARED, ProbeBook, save_bookmark
from .reader import Reader
from .refilled import begin_refill
from .remarks import Annotation, annotate, describe, erase, remove, restore
from .rollups import RollUps
from .schema import bring_up_to_date
from .steps import Steps, in_order
from .strikes import Strike, strike_out, undo
from .thermocouples import COLD_C, WITHIN_C, Thermocouple, state, take_back
from .writer import Writer

__all__ = [
    "CHIPS",
    "COLD_C",
    "FIELDS",
    "HELD",
    "JUNCTION",
    "NO_VALUE",
    "QUALITY",
    "SHARED",
    "STRUCK",
    "WITHIN_C",
    "Annotation",
    "Archive",
    "Beyond",
    "Calendar",
    "Calibration",
    "Columns",
    "DatabaseError",
    "Edges",
    "Figures",
    "Floats",
    "Follower",
    "Ints",
    "Keeper",
    "Known",
    "Limit",
    "Newest",
    "Outcome",
    "Passed",
    "Point",
    "ProbeBook",
    "Reader",
    "RollUps",
    "Steps",
    "Strike",
    "Thermocouple",
    "WallClock",
    "Writer",
    "annotate",
    "as_sent",
    "begin_refill",
    "bring_up_to_date",
    "calibrate",
    "celsius_of",
    "check_common",
    "describe",
    "drop_unfinished",
    "erase",
    "forget",
    "in_order",
    "iso_of",
    "looks_damaged",
    "merge",
    "pieces",
    "put_damaged_aside",
    "received_of",
    "remove",
    "restore",
    "save_bookmark",
    "state",
    "strike_out",
    "take_back",
    "undo",
    "unmerge",
]
