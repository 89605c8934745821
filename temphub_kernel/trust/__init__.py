"""Who may write: probes' keys, who was vouched for, signatures."""

from . import signatures
from .keys import Exchange
from .registry import Proven, Repeated, Trust
from .signatures import is_hex
from .standing import Standing

__all__ = ["Exchange", "Proven", "Repeated", "Standing", "Trust", "is_hex", "signatures"]
