"""Addresses as sockets tell them."""

from ipaddress import ip_address

import pytest

from temphub_kernel.api.access.lockout import place_of
from temphub_kernel.core.network import real_address


@pytest.mark.parametrize(
    ("text", "real"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("::ffff:192.168.1.5", "192.168.1.5"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_an_address_is_told_as_it_is(text, real):
    """An IPv4 address in the dress of IPv6 is the IPv4 address; a zone is no part of it."""
    assert real_address(text) == ip_address(real)


@pytest.mark.parametrize("text", ["", "localhost", "192.168.1.256", "::ffff:", "%eth0"])
def test_no_address_is_an_error(text):
    """A name or a broken number is refused."""
    with pytest.raises(ValueError):
        real_address(text)


def test_guesses_over_either_kind_of_socket_are_counted_together():
    """Who may try again only later has no second try by the other way in."""
    assert place_of("::ffff:192.168.1.5") == place_of("192.168.1.5")
