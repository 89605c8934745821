"""Which heads are read without Tornado, and that it would read them the same."""

import sys

import pytest
from hypothesis import given, settings, strategies as st
from tornado.http1connection import is_transfer_encoding_chunked, parse_int
from tornado.httputil import HTTPHeaders, parse_request_start_line

from support.smuggling import LENGTHS, LINES, STARTS, everything
from temphub_kernel.api.ingest.fast_path import MAX_HEAD, NAMES, START, may_begin, plain_head
from temphub_kernel.core.files import firmware

MANY = settings(max_examples=400, derandomize=True, database=None, deadline=None)

# As each of them sends it; the length is that of the owner's body.
PROGRAMS = {
    "curl": b"Host: 192.168.1.145:8088\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nContent-Type: "
    b"application/json\r\nContent-Length: 55",
    "curl with a token": b"Host: hub:8088\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nX-Token: a "
    b"b\r\nContent-Length: 55",
    "Python's requests": b"Host: hub:8088\r\nUser-Agent: python-requests/2.31.0\r\nAccept-Encoding: gzip, "
    b"deflate\r\nAccept: */*\r\n"
    b"Connection: keep-alive\r\nContent-Length: 55\r\nContent-Type: application/json",
    "Python's http.client": b"Host: hub:8088\r\nAccept-Encoding: identity\r\nContent-Length: 55",
    "Arduino's HTTPClient": b"Host: 192.168.1.145:8088\r\nUser-Agent: ESP32HTTPClient\r\nConnection: "
    b"keep-alive\r\n"
    b"Accept-Encoding: identity;q=1,chunked;q=0.1,*;q=0\r\nContent-Type: application/json\r\nContent-Length: "
    b"55",
    "one that closes": b"Host: hub\r\nConnection: close\r\nContent-Length: 55",
}


def as_tornado(head: bytes) -> tuple[dict[str, str], int, bool]:
    """(fields, length of the body, whether the connection ends) of a head as Tornado's connection reads it,
    with Tornado's functions."""
    first, _, rest = head.decode("latin1").partition("\n")
    line, headers = parse_request_start_line(first.rstrip("\r")), HTTPHeaders.parse(rest + "\r\n\r\n")
    assert (line.method, line.path, line.version) == ("POST", "/api/ingest", "HTTP/1.1")
    assert not is_transfer_encoding_chunked(headers)
    return (
        dict(headers.get_all()),
        parse_int(headers["Content-Length"]),
        headers.get("Connection", "").lower() == "close",
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_ordinary_programs_send_is_plain(name):
    """Deliveries of the programs that people use are read on the fast path."""
    head = plain_head(START + PROGRAMS[name])
    assert head is not None and head.length == 55 and head.closes == (name == "one that closes")
    assert tuple(head) == as_tornado(START + PROGRAMS[name])


@pytest.mark.parametrize("signed", [None, (7, "00ff")])
@pytest.mark.parametrize("token", ["", "secret"])
def test_what_our_own_probe_sends_is_plain(monkeypatch, signed, token):
    """Deliveries of our firmware, signed or with a token, are read on the fast path."""
    monkeypatch.syspath_prepend(str(firmware()))
    for name in [name for name in sys.modules if name.split(".")[0] == "probe"]:
        monkeypatch.delitem(sys.modules, name)
    from probe.client import _request

    sent = _request(("192.168.1.145", 8088, "/api/ingest", None, b'{"temperature_c": 21.5}', token), signed)
    head = plain_head(sent[: sent.index(b"\r\n\r\n")])
    assert head is not None and head.length == 23
    assert head.fields.get("X-Signature") == (signed and signed[1])
    assert head.fields.get("X-Token") == (None if signed or not token else token)


# Of these there is but one way to read them.
CLEAR = (
    "nothing",
    "a connection to be closed",
    "the same, spelt otherwise",
    "a connection to be kept",
    "a signature of nobody",
)


@pytest.mark.parametrize("name", [name for name in LINES if name not in CLEAR])
def test_what_may_be_read_in_two_ways_is_not_plain(name):
    """A head with a field that might move its end, or that says who asks, is left to Tornado as it came."""
    assert plain_head(START + b"Host: hub\r\n" + LINES[name] + b"Content-Length: 40") is None


@pytest.mark.parametrize("length", [one for one in LENGTHS if one not in (b"39", b"41", b" 40 ")])
def test_a_length_is_plain_digits(length):
    """What is no plain number, or has a sign or a zero before it, is left to Tornado."""
    assert plain_head(START + b"Host: hub\r\nContent-Length: " + length) is None


@pytest.mark.parametrize("start", STARTS)
def test_only_one_first_line_is_plain(start):
    """Another version, path or spelling is left to Tornado, from its first byte on."""
    assert plain_head(start + b"\r\nHost: hub\r\nContent-Length: 40") is None


def test_the_beginning_of_a_head_is_awaited():
    """What may still become a plain head is waited for, byte by byte; anything else is not."""
    sent = START + PROGRAMS["curl"]
    assert all(may_begin(sent[:size]) for size in range(len(sent)))
    assert not any(
        may_begin(start)
        for start in STARTS
        if not START.startswith(start) and not start.startswith(START[:-2])
    )
    assert not may_begin(START + b"a" * MAX_HEAD)


PIECES = st.sampled_from(
    [
        *LINES.values(),
        *(b"Content-Length: " + one + b"\r\n" for one in LENGTHS),
        *(name.encode() + b": 40\r\n" for name in NAMES.values()),
        b"Content-Length: 40\r\n",
        b"Host: hub\r\n",
        b"\r\n",
        b"\n",
        b" ",
    ]
)
EDITS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2), st.binary(max_size=2)), max_size=3)


@MANY
@given(st.lists(PIECES, max_size=4), EDITS)
def test_whatever_is_plain_tornado_reads_alike(pieces, edits):
    """Whatever a head is made of: either it is left to Tornado, or both see the same fields, the same length
    and the same end."""
    sent = START + b"".join([b"Host: hub\r\n", *pieces, b"Content-Length: 40\r\n"])
    for place, gone, more in edits:
        sent = sent[:place] + more + sent[place + gone :]
    sent = sent[: (sent + b"\r\n\r\n").index(b"\r\n\r\n")]
    head = plain_head(sent)
    if head is not None:
        fields, length, closes = as_tornado(sent)
        assert ({name: value.strip(" ") for name, value in fields.items()}, length, closes) == tuple(head)
        # Its end is where Tornado would look for it: at the first empty line, whatever ends its lines.
        assert b"\n\n" not in sent and b"\n\r\n" not in sent


def test_the_collection_is_whole():
    """The collection of doubtful requests holds what request smuggling is made of."""
    assert len(everything()) > 100
