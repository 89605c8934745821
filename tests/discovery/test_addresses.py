"""This computer's own addresses."""

from ipaddress import IPv4Address, IPv4Network

from temphub_kernel.discovery import addresses


def test_usable_has_loopback_last():
    """Virtual probes on this computer are found: loopback is among the usable addresses, and comes last."""
    found = addresses.usable()
    assert found[-1] == "127.0.0.1" and len(found) == len(set(found))


def test_lan_is_for_other_devices():
    """What is shown to people never names loopback."""
    assert not any(IPv4Address(ip).is_loopback for ip in addresses.lan())


def test_only_what_was_named():
    """INTERFACES restricts to exactly those this computer has."""
    assert addresses.usable(("127.0.0.1", "203.0.113.7")) == ["127.0.0.1"]
    assert addresses.usable(("203.0.113.7",)) == []


def test_networks():
    """Every own address lies in one of the own networks."""
    own = [IPv4Network(text) for text in addresses.networks()]
    assert all(any(IPv4Address(ip) in network for network in own) for ip in addresses.usable())


def test_nearest_first():
    """Own networks come before others; loopback last, since another computer's probe may announce it."""
    own = [IPv4Network("192.168.1.0/24"), IPv4Network("127.0.0.0/8")]
    heard = [IPv4Address(text) for text in ("127.0.0.1", "10.0.0.1", "192.168.1.9")]
    assert [str(ip) for ip in sorted(heard, key=lambda ip: addresses.nearness(ip, own))] == [
        "192.168.1.9",
        "10.0.0.1",
        "127.0.0.1",
    ]
