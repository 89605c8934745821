"""Who may write: probes' keys, who was vouched for, signatures."""

from . import seal
from .exchange import Exchange
from .register import Proven, Repeated, Standing, Trust
from .seal import is_hex

__all__ = ["Exchange", "Proven", "Repeated", "Standing", "Trust", "is_hex", "seal"]
