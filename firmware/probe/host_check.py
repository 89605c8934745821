"""By which names a probe may be asked for: none that a stranger can point at it. Loaded for a request that
names one.

DNS rebinding: a web page of evil.example has that name resolve to the probe's address, and the visitor's
browser then takes the probe for a part of that page. The name in the Host header gives it away;
temphub_kernel/api/access/security.py does the same for the hub.
"""

from probe.http import Problem

# Nobody can register a name below these: they live in the LAN's own name service.
_PRIVATE = (".local", ".localhost", ".lan", ".home.arpa", ".internal", ".localdomain", ".fritz.box")


def check(host):
    """Problem 403 for a Host header that has a name of the internet in it."""
    name = host.split(":")[0].lower()
    if name.endswith("."):
        name = name[:-1]
    # A number in IPv6 stands in brackets; a name without a dot has no owner on the internet.
    if host.startswith("[") or "." not in name or any(name.endswith(last) for last in _PRIVATE):
        return
    remedy = "Open it by its address, or by its name that ends in .local."
    raise Problem(
        403,
        "foreign_host",
        "This probe was asked for by a name that is none of its own, as a foreign page may do.",
        remedy,
    )
