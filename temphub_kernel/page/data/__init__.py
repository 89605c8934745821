"""What the page shows, read from the journal and kept."""

from .alarms import ShownAlarm, ShownAlarms
from .card_extras import SPARK_PX, arrow
from .happened import Event, Looked
from .imports import Brought
from .met import Record
from .series import Times
from .snapshot import MOST_LINES, Annotation, Probe, Snapshot
from .statistics import Statistics
from .status import Alert, Judgement, judge
from .window_cache import Measured

__all__ = [
    "MOST_LINES",
    "SPARK_PX",
    "Alert",
    "Annotation",
    "Brought",
    "Event",
    "Judgement",
    "Looked",
    "Measured",
    "Probe",
    "Record",
    "ShownAlarm",
    "ShownAlarms",
    "Snapshot",
    "Statistics",
    "Times",
    "arrow",
    "judge",
]
