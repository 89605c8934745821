"""The Windows firewall: its rules from the registry, what they mean for one port, and new ones with the
administrator's consent."""

import base64
import json
import ntpath
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core import TempHubError, ask_powershell

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
        return (
            self.protocol in ("", protocol)
            and right_program
            and (not self.ports or any(_in(port, part) for part in self.ports))
        )


@dataclass(frozen=True)
class Policy:
    """rules: what comes in; on: which profiles have the firewall switched on."""

    rules: tuple[Rule, ...]
    on: Mapping[str, bool]


@dataclass(frozen=True)
class Verdict:
    """allowed: whether it gets through on each profile asked about; blocking: rules that forbid it, which win
    over any that allow."""

    allowed: Mapping[str, bool]
    blocking: tuple[Rule, ...]

    @property
    def open(self) -> bool:
        """True when it gets through everywhere."""
        return all(self.allowed.values())


def verdict(
    policy: Policy, protocol: str, port: int, programs: Iterable[str], profiles: Iterable[str]
) -> Verdict:
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
        # A rule for one service, one store app or some far addresses says nothing of our program and our
        # probes.
        narrow=any(name in fields for name in ("RA4", "RA42", "Svc", "AppPkgId", "RPort"))
        and "LocalSubnet" not in fields.get("RA4", []),
    )


def _first(fields: Mapping[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0]


def _in(port: int, part: str) -> bool:
    low, dash, high = part.partition("-")
    if not low.isdigit() or (dash and not high.isdigit()):
        return False
    return int(low) <= port <= int(high if dash else low)


POLICY = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
SECTIONS = {PRIVATE: "StandardProfile", PUBLIC: "PublicProfile", DOMAIN: "DomainProfile"}
NAME = "TempHub"
MDNS_PORT = 5353
ALLOW_S = 120.0


def programs() -> list[str]:
    """The programs that the firewall sees: an environment's own python.exe is a small starter, the one behind
    it listens."""
    base = Path(getattr(sys, "_base_executable", sys.executable))
    return [str(base), str(base.with_name("pythonw.exe"))]


def policy() -> Policy | None:
    """Every incoming rule in force, and which profiles are switched on; None where there is no such
    registry."""
    if sys.platform != "win32":
        return None
    try:
        rules = [rule for id_, text in _values(POLICY + r"\FirewallRules") if (rule := parse(id_, str(text)))]
        on = {
            name: ("EnableFirewall", 0) not in _values(f"{POLICY}\\{section}")
            for name, section in SECTIONS.items()
        }
    except OSError:
        return None
    return Policy(tuple(rules), on)


def categories(answer: str | None = None) -> dict[str, str]:
    """Which profile each connected network has: {'Ethernet': 'Private'}; empty when Windows does not tell.
    Takes a second or two."""
    script = (
        "Get-NetConnectionProfile | Select-Object "
        "InterfaceAlias,@{n='Category';e={[int]$_.NetworkCategory}} | ConvertTo-Json -Compress"
    )
    text = ask_powershell(script) if answer is None else answer
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return {}
    found = found if isinstance(found, list) else [found]
    return {
        str(one.get("InterfaceAlias")): CATEGORIES.get(one.get("Category", 0), PUBLIC)
        for one in found
        if isinstance(one, dict)
    }


def script(port: int, blocking: Iterable[Rule] = ()) -> str:
    """The PowerShell commands that open the firewall for the hub: probes on private networks only, nothing on
    public ones."""
    lines = ["$ErrorActionPreference = 'Stop'"]
    lines += [
        f"Remove-NetFirewallRule -Name {_quoted(rule.id)} -ErrorAction SilentlyContinue" for rule in blocking
    ]
    for protocol, number in (("TCP", port), ("UDP", MDNS_PORT)):
        name = _quoted(f"{NAME} ({protocol} {number})")
        what = (
            f"-Direction Inbound -Action Allow -Profile Private,Domain -Protocol {protocol} -LocalPort "
            f"{number}"
        )
        lines.append(f"Remove-NetFirewallRule -DisplayName {name} -ErrorAction SilentlyContinue")
        lines.append(f"New-NetFirewallRule -DisplayName {name} {what} | Out-Null")
    return "; ".join(lines)


def allow(port: int, blocking: Iterable[Rule] = ()) -> None:
    """Have Windows ask for consent, then add the rules. Raises TempHubError when it was declined or
    failed."""
    packed = base64.b64encode(script(port, blocking).encode("utf-16-le")).decode("ascii")
    arguments = f"'-NoProfile','-NonInteractive','-EncodedCommand','{packed}'"
    start = (
        "$p = Start-Process powershell.exe -Verb RunAs -Wait -PassThru -WindowStyle Hidden "
        f"-ArgumentList {arguments}; exit $p.ExitCode"
    )
    if ask_powershell(start, timeout_s=ALLOW_S) is None:
        raise TempHubError(
            "Windows did not add the firewall rules (declined, or no administrator's password), so probes "
            "may not get through.",
            "Start `temphub firewall` again, or have an administrator run: " + by_hand(port),
            code="firewall",
        )


def by_hand(port: int) -> str:
    """What an administrator types instead."""
    one = "netsh advfirewall firewall add rule name=TempHub dir=in action=allow profile=private,domain"
    return f"{one} protocol=TCP localport={port}   and   {one} protocol=UDP localport={MDNS_PORT}"


def wanted(port: int) -> tuple[tuple[str, int], ...]:
    """What must get through: deliveries, and the questions by which probes are found."""
    return ((TCP, port), (UDP, MDNS_PORT))


def _values(key: str) -> list[tuple[str, object]]:
    if sys.platform != "win32":
        return []
    import winreg

    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
        return [winreg.EnumValue(opened, number)[:2] for number in range(winreg.QueryInfoKey(opened)[1])]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def no_console() -> bool:
    """True when nobody can answer a question here."""
    return not (sys.stdin and sys.stdin.isatty()) or bool(os.environ.get("TEMPHUB_NO_PAUSE"))
