"""The computer's firewall: does it let probes in, and on Windows the offer to open it. Reading changes
nothing."""

from .ask import firewall, profiles, verdicts
from .posix import firewall_of_posix
from .windows import PUBLIC, Policy, categories, policy

__all__ = [
    "PUBLIC",
    "Policy",
    "categories",
    "firewall",
    "firewall_of_posix",
    "policy",
    "profiles",
    "verdicts",
]
