"""Telling probes where to deliver. The only room that talks to probes."""

from .orders import ProbeCheck
from .probe_client import Status, Talk
from .route import INGEST, address_towards, base_url_for
from .worker import Provisioner

__all__ = ["INGEST", "ProbeCheck", "Provisioner", "Status", "Talk", "address_towards", "base_url_for"]
