"""Alarms: rules for temperatures and for sick probes, judged as the journal grows."""

from .evaluate import Evaluator
from .rules import Rule
from .sets import SETS, ReadySet
from .sickness import Sickness
from .watches import Transition, Watch

__all__ = ["SETS", "Evaluator", "ReadySet", "Rule", "Sickness", "Transition", "Watch"]
