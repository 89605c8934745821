"""A probe as it was just met, by mDNS or by its own hello. Any thread."""

import re
from typing import NamedTuple

# What `temphub demo` calls its probes.
DEMO_ID = "Demo-{number}"
DEMO = re.compile(r"Demo-\d+")


class Sighting(NamedTuple):
    """Where a probe is and what it says of itself. Known by `probe_id`, never by its address.

    host: its mDNS host name or empty; ip: numeric IPv4 or IPv6; model: `virtual`, `esp32`, …; boot: changes at
    each start of the probe, empty when unknown; via: `mdns` or `hello`.
    """

    probe_id: str
    ip: str
    port: int
    host: str = ""
    version: str = ""
    model: str = ""
    name: str = ""
    boot: str = ""
    via: str = "mdns"


def is_of_a_demo(sighting: Sighting) -> bool:
    """Whether it is one of the virtual probes that a demo started: their readings are made up."""
    return sighting.model == "virtual" and DEMO.fullmatch(sighting.probe_id) is not None
