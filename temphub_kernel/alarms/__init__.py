"""Alarms: rules for temperatures and for sick probes, judged as the journal grows."""

from .evaluate import Evaluator, Transition, Watch
from .rules import Rule
from .sets import SETS, ReadySet

__all__ = ["SETS", "Evaluator", "ReadySet", "Rule", "Transition", "Watch"]
