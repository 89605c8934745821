"""Alarms: rules for temperatures and for sick probes, judged as the journal grows; what becomes of each, and
what people do about it."""

from . import life, states
from .evaluate import Evaluator
from .follower import Alarms
from .preview import MOST_DAYS, preview, preview_json
from .rules import SEVERITIES, Rule
from .sets import SETS, ReadySet
from .shown import (
    STATES,
    Asked,
    alarms_csv,
    alarms_json,
    fits,
    rule_json,
    standing_json,
    standings,
    text_of,
    waiting,
)
from .sickness import Sickness
from .states import GATHERING
from .telling import Channel, Channels, Delivery, checked_name
from .watches import Transition, Watch
from .words import where

__all__ = [
    "GATHERING",
    "MOST_DAYS",
    "SETS",
    "SEVERITIES",
    "STATES",
    "Alarms",
    "Asked",
    "Channel",
    "Channels",
    "Delivery",
    "Evaluator",
    "ReadySet",
    "Rule",
    "Sickness",
    "Transition",
    "Watch",
    "alarms_csv",
    "alarms_json",
    "checked_name",
    "fits",
    "life",
    "preview",
    "preview_json",
    "rule_json",
    "standing_json",
    "standings",
    "states",
    "text_of",
    "waiting",
    "where",
]
