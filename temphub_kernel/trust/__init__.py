"""Who may write: probes' keys, who was vouched for, signatures."""

from . import signatures
from .keys import Exchange
from .registry import Proven, Repeated, Standing, Trust
from .signatures import is_hex

__all__ = ["Exchange", "Proven", "Repeated", "Standing", "Trust", "is_hex", "signatures"]
