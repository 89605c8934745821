"""Telling probes where to deliver. The only room that talks to probes, and the only one with requests."""

from .conversation import ProbeCheck
from .provisioner import Provisioner
from .route import address_towards, server_url_for
from .talk import Talk

__all__ = ["ProbeCheck", "Provisioner", "Talk", "address_towards", "server_url_for"]
