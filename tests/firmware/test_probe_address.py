"""probe/address.py"""

from probe.address import base, is_ipv4, is_probe_id, places, split_url


def _refused(url):
    try:
        split_url(url)
    except ValueError as error:
        return len(error.args) == 2
    return False


def test_hub_addresses_are_taken_apart():
    """Port 80 and no path are what is meant when they are left out."""
    assert split_url("http://192.168.1.10:8088") == ("192.168.1.10", 8088, "")
    assert split_url("http://temphub.local/") == ("temphub.local", 80, "")
    assert split_url("http://h:1/a/b/?x=1&y=a%20b") == ("h", 1, "/a/b/?x=1&y=a%20b")


def test_readings_go_to_exactly_what_was_told():
    """The whole address is used as it is, hello goes beside it, and what has no path is the base of a hub."""
    assert places("http://h:8088/api/ingest") == ("h", 8088, "/api/ingest", "/api/hello")
    for told in ("http://h:8088", "http://h:8088/", "http://h:8088//"):
        assert places(told) == ("h", 8088, "/api/ingest", "/api/hello")
    assert places("http://h/x/api/ingest")[2:] == ("/x/api/ingest", "/x/api/hello")
    assert places("http://h/ingest.php?key=a/b")[2:] == ("/ingest.php?key=a/b", "/hello?key=a/b")
    assert places("http://h/a/b/")[2:] == ("/a/b/", "/a/hello")


def test_updates_come_from_the_base_of_the_hub():
    """What stands before /api/ingest, also behind a proxy; for any other address the root."""
    assert base("http://h:8088/api/ingest") == base("http://h:8088") == ("h", 8088, "")
    assert base("http://h/x/api/ingest?token=y") == ("h", 80, "/x")
    assert base("http://h/ingest.php") == ("h", 80, "")


def test_what_is_no_hub_address_is_refused_with_a_remedy():
    """Nothing that could break a request line or lead elsewhere gets through."""
    for url in (
        "",
        "ftp://h",
        "https://h",
        "http://",
        "http://:80",
        "http://h:",
        "http://h:0",
        "http://h:65536",
        "http://h:8x",
        None,
        5,
    ):
        assert _refused(url), url
    for url in (
        "http://a b",
        "http://user:pw@h",
        "http://h/\r\nX: y",
        "http://h/ä",
        "http://[::1]",
        "http://h/#q",
        "http://h?q",
        "http://" + "h" * 200,
    ):
        assert _refused(url), url


def test_probe_ids():
    """Ids are what a DNS label and a CSV cell can hold."""
    for good in ("TempProbe-0096", "a", "A.b_c:d-9", "x" * 63):
        assert is_probe_id(good), good
    for bad in ("", "-a", ".a", "a b", "ä", "x" * 64, "a\n", None):
        assert not is_probe_id(bad), bad


def test_numeric_addresses():
    """Four numbers up to 255."""
    assert is_ipv4("0.0.0.0") and is_ipv4("255.1.22.3")
    for bad in ("1.2.3", "1.2.3.256", "1.2.3.x", "1.2.3.4.5", "1..2.3", "0001.2.3.4"):
        assert not is_ipv4(bad), bad
