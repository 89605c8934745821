"""`/api/ingest`, from the socket to the reply behind the commit. Endpoint thread only.

`fast_path` reads connections on which nothing but plain deliveries come, `delivery` takes one from either
kind, `batch_decoder` and `lone_decoder` read what is as it should be, `ignored_fields` names what had no
effect, and `gathering` decides how often probes are asked to deliver.
"""

from .delivery import INGEST, Acks, Delivery, Ingest
from .fast_path import FastPath
from .gathering import Gathering, note, recalled, watch

__all__ = ["INGEST", "Acks", "Delivery", "FastPath", "Gathering", "Ingest", "note", "recalled", "watch"]
