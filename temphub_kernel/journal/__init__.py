"""The journal: the only meeting point of the hub's parts, and the only room with sqlite3.

One writer (its own thread) appends; everyone else reads with a read-only connection of their own, from any
process.
"""

from sqlite3 import Error as DatabaseError

from .archive.closing import drop_unfinished
from .archive.compaction import Keeper
from .archive.months import FOLDER as ARCHIVE_FOLDER, Archive
from .columns import (
    CODE,
    FIELDS,
    JUNCTION,
    NO_VALUE,
    QUALITY,
    STRUCK,
    Columns,
    Delivered,
    Flags,
    Floats,
    Ints,
    Newest,
    Point,
    celsius_of,
    iso_of,
    received_of,
)
from .duplicates import begin_refill
from .follower import Follower
from .integrity import Contents, copy_journal, look_into, looks_damaged, put_damaged_aside
from .reader import Reader
from .records.alarms import MAINTENANCE, MUTE, Alarm, AlarmBook, AlarmEvent, Mute, change
from .records.annotations import (
    Annotation,
    Strike,
    annotate,
    describe,
    erase,
    remove,
    restore,
    strike_out,
    undo,
)
from .records.calibration import Calibration, as_sent, calibrate, forget
from .records.chips import CHIPS
from .records.importing import LIST_FILE, STAGING, register, undo as undo_import
from .records.imports import Import, imports_of
from .records.merging import check_common, merge, unmerge
from .records.messages import WITHDRAWN, Message, Outbox, begin, not_sent, not_to_be_told, were_sent
from .records.probes import HELD, SHARED, ProbeBook, save_bookmark
from .records.rules import StoredRule, add_rules, change_rule, remove_rule
from .records.thermocouples import COLD_C, WITHIN_C, Thermocouple, state, take_back
from .rollups import RollUps
from .schema import VERSION as JOURNAL_VERSION, bring_up_to_date
from .statistics import (
    Beyond,
    Calendar,
    Complete,
    Edges,
    Figures,
    Holes,
    Known,
    Limit,
    Most,
    Passed,
    Steps,
    Track,
    WallClock,
    complete,
    exceedance,
    gathered,
    holes_of,
    in_order,
    kinetic,
    pieces,
    refrigeration,
    time_weights,
    track_of,
)
from .summary import LATE_MS
from .writer import Outcome, Writer

__all__ = [
    "ARCHIVE_FOLDER",
    "CHIPS",
    "CODE",
    "COLD_C",
    "FIELDS",
    "HELD",
    "JOURNAL_VERSION",
    "JUNCTION",
    "LATE_MS",
    "LIST_FILE",
    "MAINTENANCE",
    "MUTE",
    "NO_VALUE",
    "QUALITY",
    "SHARED",
    "STAGING",
    "STRUCK",
    "WITHDRAWN",
    "WITHIN_C",
    "Alarm",
    "AlarmBook",
    "AlarmEvent",
    "Annotation",
    "Archive",
    "Beyond",
    "Calendar",
    "Calibration",
    "Columns",
    "Complete",
    "Contents",
    "DatabaseError",
    "Delivered",
    "Edges",
    "Figures",
    "Flags",
    "Floats",
    "Follower",
    "Holes",
    "Import",
    "Ints",
    "Keeper",
    "Known",
    "Limit",
    "Message",
    "Most",
    "Mute",
    "Newest",
    "Outbox",
    "Outcome",
    "Passed",
    "Point",
    "ProbeBook",
    "Reader",
    "RollUps",
    "Steps",
    "StoredRule",
    "Strike",
    "Thermocouple",
    "Track",
    "WallClock",
    "Writer",
    "add_rules",
    "annotate",
    "as_sent",
    "begin",
    "begin_refill",
    "bring_up_to_date",
    "calibrate",
    "celsius_of",
    "change",
    "change_rule",
    "check_common",
    "complete",
    "copy_journal",
    "describe",
    "drop_unfinished",
    "erase",
    "exceedance",
    "forget",
    "gathered",
    "holes_of",
    "imports_of",
    "in_order",
    "iso_of",
    "kinetic",
    "look_into",
    "looks_damaged",
    "merge",
    "not_sent",
    "not_to_be_told",
    "pieces",
    "put_damaged_aside",
    "received_of",
    "refrigeration",
    "register",
    "remove",
    "remove_rule",
    "restore",
    "save_bookmark",
    "state",
    "strike_out",
    "take_back",
    "time_weights",
    "track_of",
    "undo",
    "undo_import",
    "unmerge",
    "were_sent",
]
