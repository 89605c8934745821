"""The Windows firewall: its rules from the registry, and new rules with the administrator's consent (UAC). Any thread."""

import base64
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ..base.errors import TempHubError
from ..base.system import ask_powershell
from .rules import CATEGORIES, DOMAIN, PRIVATE, PUBLIC, TCP, UDP, Policy, Rule, parse

POLICY = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
SECTIONS = {PRIVATE: "StandardProfile", PUBLIC: "PublicProfile", DOMAIN: "DomainProfile"}
NAME = "TempHub"
MDNS_PORT = 5353
ALLOW_S = 120.0


def programs() -> list[str]:
    """The programs that the firewall sees: an environment's own python.exe is a small starter, the one behind it listens."""
    base = Path(getattr(sys, "_base_executable", sys.executable))
    return [str(base), str(base.with_name("pythonw.exe"))]


def policy() -> Policy | None:
    """Every incoming rule in force, and which profiles are switched on; None where there is no such registry."""
    if sys.platform != "win32":
        return None
    try:
        rules = [rule for id_, text in _values(POLICY + r"\FirewallRules") if (rule := parse(id_, str(text)))]
        on = {name: ("EnableFirewall", 0) not in _values(f"{POLICY}\\{section}") for name, section in SECTIONS.items()}
    except OSError:
        return None
    return Policy(tuple(rules), on)


def categories(answer: str | None = None) -> dict[str, str]:
    """Which profile each connected network has: {'Ethernet': 'Private'}; empty when Windows does not tell. Takes a second or two."""
    script = (
        "Get-NetConnectionProfile | Select-Object InterfaceAlias,@{n='Category';e={[int]$_.NetworkCategory}} | ConvertTo-Json -Compress"
    )
    text = ask_powershell(script) if answer is None else answer
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return {}
    found = found if isinstance(found, list) else [found]
    return {str(one.get("InterfaceAlias")): CATEGORIES.get(one.get("Category", 0), PUBLIC) for one in found if isinstance(one, dict)}


def script(port: int, blocking: Iterable[Rule] = ()) -> str:
    """The PowerShell commands that open the firewall for the hub: probes on private networks only, nothing on public ones."""
    lines = ["$ErrorActionPreference = 'Stop'"]
    lines += [f"Remove-NetFirewallRule -Name {_quoted(rule.id)} -ErrorAction SilentlyContinue" for rule in blocking]
    for protocol, number in (("TCP", port), ("UDP", MDNS_PORT)):
        name = _quoted(f"{NAME} ({protocol} {number})")
        what = f"-Direction Inbound -Action Allow -Profile Private,Domain -Protocol {protocol} -LocalPort {number}"
        lines.append(f"Remove-NetFirewallRule -DisplayName {name} -ErrorAction SilentlyContinue")
        lines.append(f"New-NetFirewallRule -DisplayName {name} {what} | Out-Null")
    return "; ".join(lines)


def allow(port: int, blocking: Iterable[Rule] = ()) -> None:
    """Have Windows ask for consent, then add the rules. Raises TempHubError when it was declined or failed."""
    packed = base64.b64encode(script(port, blocking).encode("utf-16-le")).decode("ascii")
    arguments = f"'-NoProfile','-NonInteractive','-EncodedCommand','{packed}'"
    start = f"$p = Start-Process powershell.exe -Verb RunAs -Wait -PassThru -WindowStyle Hidden -ArgumentList {arguments}; exit $p.ExitCode"
    if ask_powershell(start, timeout_s=ALLOW_S) is None:
        raise TempHubError(
            "Windows did not add the firewall rules (declined, or no administrator's password), so probes may not get through.",
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
