"""Probes that answer anything at all."""

import contextlib
import json

from hypothesis import HealthCheck, given, settings, strategies as st

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.provisioner import Talk

LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=300),
    st.lists(st.integers(), max_size=3),
)
SAID = st.dictionaries(
    st.sampled_from(["id", "server_url", "interval_ms", "token_set", "boot", "version", "model", "ok"]), LEAF
)
HEAD = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        b"HTTP/1.1 307 Moved\r\nLocation: http://192.0.2.1/\r\n\r\n",
        b"HTTP/1.1 999 ?\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
        b"HTTP/0.9\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"",
    ]
)
REPLY = st.tuples(
    HEAD, st.one_of(st.binary(max_size=400), SAID.map(lambda said: json.dumps(said).encode()))
).map(b"".join)


def test_whatever_a_probe_answers_it_is_a_status_or_an_error(make_probe):
    """Whatever bytes a probe sends: what comes of it are texts and numbers of bounded size, or an error in
    words; a redirect is never followed."""
    probe, talk = make_probe(), Talk(read_s=1.0, whole_s=2.0)

    @settings(
        max_examples=80,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(REPLY)
    def ask(reply):
        def send(connection):
            with contextlib.suppress(OSError):
                connection.sendall(reply)

        probe.raw = send
        before = probe.gets
        try:
            status = talk.status("p1", "127.0.0.1", probe.port)
        except TempHubError as error:
            assert error.status == 502 and error.remedy and len(error.problem) < 600
        else:
            assert status is None or all(len(one) <= 200 for one in status if isinstance(one, str))
        assert probe.gets == before + 1

    ask()
