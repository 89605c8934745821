"""What the page shows, read from the journal and kept."""

from .alarms import ShownAlarm, ShownAlarms
from .card_extras import SPARK_PX, arrow
from .happened import Event, Looked
from .looks import (
    ELSEWHERE,
    FIRST,
    GROUPS,
    MOST_CARDS,
    MOST_LINES,
    MOST_ON_WALL,
    NONE,
    Group,
    Grouped,
    Look,
    troubled,
    worst_first,
)
from .met import Brought, Record
from .probe import Probe, Site
from .series import Times
from .snapshot import Snapshot
from .statistics import Statistics
from .status import Alert, Judgement, judge
from .window_cache import Measured

__all__ = [
    "ELSEWHERE",
    "FIRST",
    "GROUPS",
    "MOST_CARDS",
    "MOST_LINES",
    "MOST_ON_WALL",
    "NONE",
    "SPARK_PX",
    "Alert",
    "Brought",
    "Event",
    "Group",
    "Grouped",
    "Judgement",
    "Look",
    "Looked",
    "Measured",
    "Probe",
    "Record",
    "ShownAlarm",
    "ShownAlarms",
    "Site",
    "Snapshot",
    "Statistics",
    "Times",
    "arrow",
    "judge",
    "troubled",
    "worst_first",
]
