"""The URL a probe is told."""

import pytest

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.provisioner import INGEST, address_towards, base_url_for


def test_towards_loopback(make_settings):
    """A virtual probe on this computer is told loopback, also over IPv6 with brackets."""
    assert address_towards("127.0.0.1") == "127.0.0.1"
    assert base_url_for(make_settings(), "127.0.0.1", 8088) + INGEST == "http://127.0.0.1:8088/api/ingest"
    assert base_url_for(make_settings(), "::1", 8088) + INGEST == "http://[::1]:8088/api/ingest"


def test_public_base_wins(make_settings):
    """PUBLIC_BASE is told word for word, with the path that readings go to."""
    assert (
        base_url_for(make_settings(PUBLIC_BASE="https://hub.example:444/"), "10.0.0.9", 8088) + INGEST
        == "https://hub.example:444/api/ingest"
    )


def test_one_address_bound(make_settings):
    """A hub that listens on one address tells that one; one that listens on loopback says why a LAN probe
    cannot deliver."""
    assert (
        base_url_for(make_settings(HOST="127.0.0.2"), "127.0.0.1", 80) + INGEST
        == "http://127.0.0.2:80/api/ingest"
    )
    ours = address_towards("192.0.2.1") if _routed() else ""
    if ours:
        with pytest.raises(TempHubError, match="HOST") as caught:
            base_url_for(make_settings(HOST="127.0.0.1"), "192.0.2.1", 80)
        assert caught.value.code == "hub_not_reachable"


def test_no_route():
    """No route: said in words, not as an OSError."""
    with pytest.raises(TempHubError) as caught:
        address_towards("not-an-address")
    assert caught.value.code == "no_route"


def _routed() -> bool:
    try:
        address_towards("192.0.2.1")
    except TempHubError:
        return False
    return True
