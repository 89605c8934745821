"""Requests to one probe that is slow, large, malicious or not a probe at all."""

import contextlib
import socket
import time

import pytest

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.provisioner import Talk
from temphub_kernel.provisioner.conversation import Context, Conversation
from temphub_kernel.provisioner.orders import Order, State


def refused(call) -> TempHubError:
    """The error of a call that must fail."""
    with pytest.raises(TempHubError) as caught:
        call()
    return caught.value


def drip(connection: socket.socket) -> None:
    """One byte of a header at a time."""
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            connection.sendall(b"H")
            time.sleep(0.05)


@pytest.mark.alone
def test_a_dripping_probe_is_cut_off(make_probe):
    """A probe that sends one byte at a time is given up when the whole time is over, not a byte later."""
    probe = make_probe()
    probe.raw = drip
    before = time.monotonic()
    error = refused(lambda: Talk(whole_s=0.6).status("p1", "127.0.0.1", probe.port))
    assert error.code == "probe_unreachable" and 0.5 < time.monotonic() - before < 1.2
    assert "p1" in error.problem and f"127.0.0.1:{probe.port}" in error.problem


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + b'{"id": "' + b"x" * 20000 + b'"}',
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 15000,
        b"HTTP/1.1 200 OK\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 500 Oh\r\n\r\n{}",
        b"",
    ],
    ids=["large", "deep", "a list", "not text", "gzip", "redirect", "ssh", "500", "nothing"],
)
def test_no_probe(make_probe, answer):
    """Too large, too deep, no JSON object, redirected, not HTTP: an error in words, nothing followed, nothing
    crashed."""
    probe = make_probe()

    def send(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(answer)

    probe.raw = send
    error = refused(lambda: Talk().status("p1", "127.0.0.1", probe.port))
    assert error.code in ("not_a_probe", "probe_unreachable") and error.status == 502 and error.remedy


def test_types_are_checked(make_probe):
    """Fields of the wrong type count as not said; control characters never reach a log."""
    probe = make_probe()
    probe.said = {
        "id": ["x"],
        "server_url": 5,
        "interval_ms": True,
        "token_set": "yes",
        "version": "1\x1b[31m\n" + "v" * 999,
    }
    status = Talk().status("p1", "127.0.0.1", probe.port)
    assert status is not None and status[:5] == ("", None, None, None, False)
    assert status.version.startswith("1[31mv") and len(status.version) == 200


@pytest.mark.parametrize(
    "ip",
    [
        "8.8.8.8",
        "224.0.0.1",
        "0.0.0.0",
        "::",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "255.255.255.255",
        "a.example",
    ],
)
def test_only_local_addresses(ip):
    """The hub talks to probes on its own networks only, however the address is written."""
    assert refused(lambda: Talk().status("p1", ip, 80)).code == "address_not_local"


def test_own_networks_are_allowed():
    """A LAN with public addresses is allowed when this computer is on it; loopback over IPv6 is always."""
    # No time is left, so nothing is sent: tests stay on loopback.
    talk = Talk(lambda: ["203.0.113.0/24"], whole_s=0.0)
    assert refused(lambda: talk.status("p1", "203.0.113.9", 9)).code == "probe_unreachable"
    assert refused(lambda: talk.status("p1", "203.0.114.9", 9)).code == "address_not_local"
    assert refused(lambda: Talk().status("p1", "::1", 9)).code == "probe_unreachable"


def test_the_computers_networks_are_asked_for_an_address_from_outside_only():
    """That costs more than all the rest of a check, and twenty probes a second are checked."""
    asked = []
    talk = Talk(lambda: asked.append(1) or ["203.0.113.0/24"], whole_s=0.0)
    for ip in ("192.168.1.9", "10.1.2.3", "127.0.0.1", "169.254.7.7", "fd00::1"):
        assert refused(lambda ip=ip: talk.status("p1", ip, 9)).code == "probe_unreachable"
    assert not asked
    assert refused(lambda: talk.status("p1", "203.0.113.9", 9)).code == "probe_unreachable" and asked


def test_no_proxy_is_asked(make_probe, monkeypatch):
    """A proxy of this computer has nothing to do with probes."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    probe = make_probe()
    status = Talk().status("p1", "127.0.0.1", probe.port)
    assert status is not None and status.probe_id == "TempProbe-0A01"


def test_a_refusal_is_told_in_the_probes_words(make_probe, make_settings, trust):
    """What a probe says when it refuses reaches the user."""
    probe = make_probe()
    probe.holds = "x"
    talk = Conversation(Context(Talk(), make_settings(), 8088, trust), probe.sighting())
    assert refused(lambda: talk.settle(Order(2000))).code == "probe_claimed"
    assert talk.state is State.SENDING


def test_a_conversation_says_how_far_it_came(make_probe, make_settings, trust, caplog):
    """Each step is written to the log at debug in a sentence; one that fails stays in the state in which it
    failed."""
    caplog.set_level("DEBUG", "temphub_kernel.provisioner")
    probe, context = make_probe(), Context(Talk(), make_settings(), 8088, trust)
    check, given = Conversation(context, probe.sighting()).settle(Order(2000))
    told = [State.ASKING, State.DECIDING, State.SENDING, State.VERIFYING, State.OBEYED]
    assert check.state is State.OBEYED
    assert [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("temphub_kernel.provisioner")
    ] == [f"The probe TempProbe-0A01 at 127.0.0.1:{probe.port}: {state.value}" for state in told]
    assert Conversation(context, probe.sighting()).settle(Order(2000, given))[0].state is State.UNCHANGED
    silent = Conversation(context, probe.sighting(port=1))
    assert (
        refused(lambda: silent.settle(Order(2000))).code == "probe_unreachable"
        and silent.state is State.ASKING
    )
