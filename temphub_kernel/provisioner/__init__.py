"""Telling probes where to deliver. The only room that talks to probes."""

from .errors import TWIN_REMEDY
from .orders import ProbeCheck
from .probe_client import Status, Talk
from .route import INGEST, address_towards, base_url_for
from .worker import Provisioner

__all__ = [
    "INGEST",
    "TWIN_REMEDY",
    "ProbeCheck",
    "Provisioner",
    "Status",
    "Talk",
    "address_towards",
    "base_url_for",
]
