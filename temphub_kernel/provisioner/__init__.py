"""Telling probes where to deliver. The only room that talks to probes."""

from .conversation import ProbeCheck
from .provisioner import Provisioner
from .route import INGEST, address_towards, base_url_for
from .talk import Talk

__all__ = ["INGEST", "ProbeCheck", "Provisioner", "Talk", "address_towards", "base_url_for"]
