"""What the console says first."""

from temphub_kernel.server.run import elsewhere


def test_addresses_that_hardly_anybody_reaches_are_named_as_such():
    """Who types an address into a phone takes the first: the LAN's; a VPN's or a container's comes last and
    with its adapter's name."""
    urls = ["http://172.17.0.1:8088", "http://192.168.178.5:8088"]
    assert elsewhere(urls, {"172.17.0.1": "docker0"}) == [
        "  from other devices:  http://192.168.178.5:8088",
        "  only within docker0:  http://172.17.0.1:8088",
    ]
    assert elsewhere([], {"172.17.0.1": "docker0"}) == []
