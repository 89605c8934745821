"""What the rules of the Windows firewall mean for one port. Plain data, any thread and any system.

The rules are kept in the registry as `v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8088|App=C:\\...|Name=...|`, in the same
words on a Windows of any language, and every user may read them.
"""

import ntpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TCP = "6"
UDP = "17"
PRIVATE = "Private"
PUBLIC = "Public"
DOMAIN = "Domain"
# As Get-NetConnectionProfile numbers them.
CATEGORIES = {0: PUBLIC, 1: PRIVATE, 2: DOMAIN}


@dataclass(frozen=True)
class Rule:
    """One rule for what comes in. Empty tuples mean any; programs are in lower case."""

    id: str
    name: str
    allows: bool
    protocol: str
    ports: tuple[str, ...]
    program: str
    profiles: tuple[str, ...]
    narrow: bool = False

    def fits(self, protocol: str, port: int, programs: Iterable[str]) -> bool:
        """True when this rule speaks of that port and program."""
        if self.narrow:
            return False
        right_program = not self.program or self.program in programs
        return self.protocol in ("", protocol) and right_program and (not self.ports or any(_in(port, part) for part in self.ports))


@dataclass(frozen=True)
class Policy:
    """rules: what comes in; on: which profiles have the firewall switched on."""

    rules: tuple[Rule, ...]
    on: Mapping[str, bool]


@dataclass(frozen=True)
class Verdict:
    """allowed: whether it gets through on each profile asked about; blocking: rules that forbid it, which win over any that allow."""

    allowed: Mapping[str, bool]
    blocking: tuple[Rule, ...]

    @property
    def open(self) -> bool:
        """True when it gets through everywhere."""
        return all(self.allowed.values())


def verdict(policy: Policy, protocol: str, port: int, programs: Iterable[str], profiles: Iterable[str]) -> Verdict:
    """Does something from the network reach `port` of one of `programs` on these profiles?"""
    mine = {ntpath.normcase(one) for one in programs}
    fitting = [rule for rule in policy.rules if rule.fits(protocol, port, mine)]
    allowed, blocking = {}, dict[str, Rule]()
    for profile in profiles:
        here = [rule for rule in fitting if not rule.profiles or profile in rule.profiles]
        blocked = [rule for rule in here if not rule.allows]
        is_on = policy.on.get(profile, True)
        allowed[profile] = not is_on or (not blocked and any(rule.allows for rule in here))
        blocking |= {rule.id: rule for rule in blocked if is_on}
    return Verdict(allowed, tuple(blocking.values()))


def parse(id_: str, text: str) -> Rule | None:
    """A rule for incoming connections that is in force; None for any other."""
    fields: dict[str, list[str]] = {}
    for part in text.split("|"):
        name, equals, value = part.partition("=")
        if equals:
            fields.setdefault(name, []).append(value)
    if fields.get("Active") != ["TRUE"] or fields.get("Dir") != ["In"] or "Action" not in fields:
        return None
    return Rule(
        id=id_,
        name=_first(fields, "Name") or id_,
        allows=_first(fields, "Action") == "Allow",
        protocol=_first(fields, "Protocol"),
        ports=tuple(fields.get("LPort", [])) + tuple(fields.get("LPort2_10", [])),
        program=ntpath.normcase(_first(fields, "App")),
        profiles=tuple(fields.get("Profile", [])),
        # A rule for one service, one store app or some far addresses says nothing of our program and our probes.
        narrow=any(name in fields for name in ("RA4", "RA42", "Svc", "AppPkgId", "RPort")) and "LocalSubnet" not in fields.get("RA4", []),
    )


def _first(fields: Mapping[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0]


def _in(port: int, part: str) -> bool:
    low, dash, high = part.partition("-")
    if not low.isdigit() or (dash and not high.isdigit()):
        return False
    return int(low) <= port <= int(high if dash else low)
