"""What the Windows firewall's rules mean for the hub, from lines as the registry holds them."""

import json

import pytest

from temphub_kernel.core.finding import PROBLEM, WARNING, WELL
from temphub_kernel.doctor import network
from temphub_kernel.firewall import windows
from temphub_kernel.firewall.posix import mac, nftables
from temphub_kernel.firewall.windows import DOMAIN, PRIVATE, PUBLIC, TCP, UDP, Policy, parse, verdict

PYTHON = r"C:\Users\Jörg Müller\AppData\Local\Programs\Python\Python312\python.exe"
ALL_ON = {PRIVATE: True, PUBLIC: True, DOMAIN: True}
PORT_RULE = (
    "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=8088|"
    "Name=TempHub (TCP 8088)|"
)
MDNS_RULE = (
    "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=17|Profile=Private|LPort=5353|Name=TempHub (UDP 5353)|"
)
# What Windows writes when its own question about Python is answered with yes, or with "Cancel".
YES = (
    f"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|App={PYTHON.lower()}|Name=Python|"
    "Desc=Python|Defer=User|"
)
CANCEL = (
    f"v2.31|Action=Block|Active=TRUE|Dir=In|Protocol=6|Profile=Public|Profile=Private|App={PYTHON}|"
    "Name=Python|Defer=User|"
)
DNS_CACHE = (
    r"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=5353|"
    r"App=%SystemRoot%\system32\svchost.exe|Svc=dnscache|Name=mDNS|"
)
OFF = PORT_RULE.replace("Active=TRUE", "Active=FALSE")
OUT = PORT_RULE.replace("Dir=In", "Dir=Out")


def policy(*lines: str, **on: bool) -> Policy:
    """A firewall with these rules."""
    found = [parse(f"rule {number}", line) for number, line in enumerate(lines)]
    return Policy(tuple(rule for rule in found if rule), {**ALL_ON, **on})


def test_without_a_rule_nothing_comes_in() -> None:
    """A fresh Windows lets no probe in."""
    assert not verdict(policy(), TCP, 8088, [PYTHON], [PRIVATE]).open


@pytest.mark.parametrize(
    "line",
    [
        PORT_RULE,
        YES,
        PORT_RULE.replace("LPort=8088", "LPort2_10=8000-8100"),
        PORT_RULE.replace("LPort=8088|", ""),
    ],
)
def test_a_rule_for_the_port_or_for_python_lets_probes_in(line: str) -> None:
    """Each of the ways in which people allow it is recognised: by port, range, program, or all."""
    assert verdict(policy(line), TCP, 8088, [PYTHON], [PRIVATE]).open
    assert not verdict(policy(line), TCP, 8088, [PYTHON], [PRIVATE, PUBLIC]).open, (
        "nothing is opened on public networks"
    )


@pytest.mark.parametrize(
    "line",
    [
        OFF,
        OUT,
        DNS_CACHE,
        PORT_RULE.replace("8088", "80"),
        PORT_RULE.replace("Protocol=6", "Protocol=17"),
        "",
    ],
)
def test_rules_that_do_not_help_do_not_count(line: str) -> None:
    """Switched off, outgoing, of another service, port or protocol: no probe comes in by it."""
    assert not verdict(policy(line), TCP, 8088, [PYTHON], [PRIVATE]).open


def test_a_cancelled_question_blocks_whatever_else_is_allowed() -> None:
    """The rule that Windows writes on "Cancel" wins, and is named so that it can be removed; for another
    program it does not matter."""
    found = verdict(policy(CANCEL, YES, PORT_RULE), TCP, 8088, [PYTHON], [PRIVATE])
    assert not found.open and [rule.id for rule in found.blocking] == ["rule 0"]
    assert verdict(
        policy(CANCEL.replace("python.exe", "other.exe"), PORT_RULE), TCP, 8088, [PYTHON], [PRIVATE]
    ).open


def test_a_firewall_that_is_off_blocks_nothing() -> None:
    """On a profile without a firewall everything comes in."""
    assert verdict(policy(CANCEL, Private=False), TCP, 8088, [PYTHON], [PRIVATE]).open


def test_finding_probes_needs_its_own_rule() -> None:
    """UDP 5353 for the system's own service does not let Python hear probes."""
    assert not verdict(policy(PORT_RULE, DNS_CACHE), UDP, 5353, [PYTHON], [PRIVATE]).open
    assert verdict(policy(MDNS_RULE), UDP, 5353, [PYTHON], [PRIVATE]).open


def test_the_doctor_tells_what_windows_says() -> None:
    """Public network, closed firewall, open firewall: each in its words, with the way out."""
    found = list(network.windows(8088, policy(), {"WLAN": PUBLIC}))
    assert [(one.check, one.level) for one in found] == [("Network profile", PROBLEM), ("Firewall", PROBLEM)]
    assert "WLAN" in found[0].result and "temphub firewall" in found[1].remedy
    found = list(network.windows(8088, policy(PORT_RULE, MDNS_RULE), {"Ethernet": PRIVATE}))
    assert [one.level for one in found] == [WELL, WELL]


def test_a_public_network_is_not_opened_but_told() -> None:
    """The hub's own rules leave public networks closed: that is said, and is a problem only where there is no
    other network."""
    rules = policy(PORT_RULE, MDNS_RULE)
    assert [one.level for one in network.windows(8088, rules, {"WLAN": PUBLIC, "Ethernet": PRIVATE})] == [
        WARNING,
        WELL,
    ]
    assert [one.level for one in network.windows(8088, rules, {"WLAN": PUBLIC})] == [PROBLEM, WELL]
    assert [
        one.level
        for one in network.windows(8088, policy(PORT_RULE, MDNS_RULE, Public=False), {"WLAN": PUBLIC})
    ] == [WELL, WELL]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (json.dumps({"InterfaceAlias": "WLAN", "Category": 0}), {"WLAN": PUBLIC}),
        (
            json.dumps(
                [{"InterfaceAlias": "Ethernet", "Category": 1}, {"InterfaceAlias": "B", "Category": 2}]
            ),
            {"Ethernet": PRIVATE, "B": DOMAIN},
        ),
        ("", {}),
        ("kein JSON", {}),
    ],
)
def test_network_profiles_are_read(answer: str, expected: dict[str, str]) -> None:
    """One network, several, none, or an answer that is no answer."""
    assert windows.categories(answer) == expected


def test_the_rules_are_for_private_networks_and_names_cannot_break_out() -> None:
    """What the administrator is asked to run opens two ports on private networks, and quotes whatever a rule
    is called."""
    rule = parse("x'; rm -r", CANCEL)
    assert rule
    text = windows.script(8090, [rule])
    assert "Remove-NetFirewallRule -Name 'x''; rm -r'" in text
    assert text.count("-Profile Private,Domain") == 2 and "Public" not in text
    assert "-LocalPort 8090" in text and "-LocalPort 5353" in text


def test_linux_and_macos_say_what_they_know() -> None:
    """Off is off; on is told with the way to open it; what may not be read is not guessed."""
    assert mac("Firewall is disabled. (State = 0)").closed is False
    assert mac("Firewall is enabled. (State = 1)").remedy and mac(None).closed is None
    drop = {"nftables": [{"chain": {"table": "filter", "name": "input", "hook": "input", "policy": "drop"}}]}
    opened = {"nftables": [*drop["nftables"], {"rule": {"expr": [{"match": {"right": 8088}}]}}]}
    assert nftables(json.dumps(drop), 8088).remedy and nftables(json.dumps(opened), 8088).closed is False
    assert nftables(json.dumps({"nftables": []}), 8088).closed is False
    assert nftables(None, 8088).closed is None and nftables("broken", 8088).closed is None
