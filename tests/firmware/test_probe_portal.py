"""probe/portal.py, portal_dns.py and page_portal.py: a phone on the probe's access point, over real
sockets"""

import struct

from portal_harness import query, visit
from probe import dns, portal_dns
from probe.portal_desk import strongest, wish
from probe.settings import Refused
from probe_harness import net, reply

# What each system asks to find out whether it is behind a portal (host, path).
SYSTEMS = (
    ("connectivitycheck.gstatic.com", "/generate_204"),
    ("www.google.com", "/gen_204"),
    ("clients3.google.com", "/generate_204"),
    ("captive.apple.com", "/hotspot-detect.html"),
    ("www.apple.com", "/library/test/success.html"),
    ("www.msftconnecttest.com", "/connecttest.txt"),
    ("www.msftconnecttest.com", "/redirect"),
    ("www.msftncsi.com", "/ncsi.txt"),
    ("detectportal.firefox.com", "/success.txt?ipv4"),
    ("detectportal.firefox.com", "/canonical.html"),
    ("nmcheck.gnome.org", "/check_network_status.txt"),
)


def test_every_systems_own_question_leads_to_the_page():
    """Android, iOS, macOS, Windows, Firefox, GNOME: 302 to the set-up page, not to be kept in any cache."""

    async def work(house, here):
        for host, path in SYSTEMS + (
            ("example.org", "/any/thing"),
            (here, "/unknown"),
            ("10.9.8.7", "/"),
            ("", "/x"),
        ):
            status, head, _ = await house.fetch(host, path)
            assert status == 302 and f"Location: http://{here}/\r\n" in head + "\r\n", (host, path, head)
            assert "no-store" in head
        status, _, page = await house.fetch(here, "/")
        assert status == 200 and "home" in page and 'action="/join"' in page

    visit(work)


def test_every_name_is_the_probe():
    """A over a real socket: the probe's address, for a second; the question back byte by byte."""

    async def work(house, here):
        packet = query("CaPtive.Apple.com", dns.A)
        answer = await house.ask(packet)
        assert answer[:2] == b"\xbe\xef" and answer[12 : len(packet)] == packet[12:]
        flags, questions, answers = struct.unpack(">HHH", answer[2:8])
        assert (flags & 0x800F, flags & 0x0100, questions, answers) == (0x8000, 0x0100, 1, 1)
        assert answer[len(packet) :] == b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04" + bytes(
            [127, 0, 0, 1]
        )

    visit(work)


def test_aaaa_and_https_get_an_empty_no_error():
    """An error, or silence, would make a phone believe that the name does not exist, or wait."""

    async def work(house, here):
        for kind in (28, 65, 64, 16):
            packet = query("captive.apple.com", kind)
            answer = await house.ask(packet)
            flags, questions, answers = struct.unpack(">HHH", answer[2:8])
            assert flags & 0xF == 0 and (questions, answers) == (1, 0) and answer[12:] == packet[12:], kind

    visit(work)


def test_noise_does_not_stop_the_names():
    """Rubbish, torn packets and other devices' answers get nothing; the next question is answered."""

    async def work(house, here):
        packet = query("a.example", dns.A)
        for noise in (b"", b"\xff" * 40, packet[:-3], query("a.example", dns.A, 0x8400)):
            assert await house.ask(noise) is None
        assert await house.ask(packet)

    visit(work)


def test_a_question_with_extras_is_answered():
    """Phones add an EDNS record behind the question; only the question comes back."""
    packet = (
        struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 1)
        + dns.question(("a", "b"), dns.A)
        + b"\0\0\x29\x10\0\0\0\0\0\0\0"
    )
    answer = portal_dns.answer(packet, "192.168.4.1")
    assert struct.unpack(">HHHHH", answer[2:12]) == (0x8580, 1, 1, 0, 0) and answer.endswith(
        bytes([192, 168, 4, 1])
    )


def test_a_network_is_chosen_tested_and_joined():
    """From the form to the last page: the test page asks again by itself, then tells the address in the new
    network."""

    async def work(house, here):
        body = b"ssid=home&other=&password=secret99&hub=10.0.0.1%3A8088"
        status, _, page = await house.fetch(here, "/join", "POST", body, "Origin: http://" + here)
        assert status == 200 and "Testing" in page and "/joining" in page
        assert house.room.settings.get("ssid") is None
        assert "Testing" in (await house.fetch(here, "/joining"))[2]
        house.room.run(10)
        page = (await house.fetch(here, "/joining"))[2]
        assert "http://192.168.1.20/" in page and "secret99" not in page
        assert (
            house.room.settings.get("ssid") == "home"
            and house.room.settings.server_url == "http://10.0.0.1:8088"
        )
        house.room.run(30)
        assert not house.portal.opened
        # Closed: the usual pages again, nobody is sent anywhere.
        assert (await house.fetch(here, "/generate_204"))[0] == 404
        assert "<dl>" in (await house.fetch(here, "/"))[2]

    visit(work)


def test_a_wrong_password_leads_back_to_the_form():
    """With the reason, the network still chosen, and the password not repeated."""

    async def work(house, here):
        await house.fetch(here, "/join", "POST", b"ssid=home&password=wrongwrong")
        house.room.run(30)
        page = (await house.fetch(here, "/joining"))[2]
        assert (
            "password is not the right one" in page
            and 'value="home" checked' in page
            and "wrongwrong" not in page
        )

    visit(work)


def test_what_cannot_be_tried_is_said_at_once():
    """No network, a short password, a hub address that is none: the form with problem and remedy; a torn form
    is refused."""

    async def work(house, here):
        for body, part in (
            (b"ssid=&password=secret99", "No network is chosen"),
            (b"ssid=home&password=short", "8 to 64"),
            (b"ssid=home&password=secret99&hub=ftp%3A%2F%2Fx", "begins with http://"),
            (b"other=" + b"x" * 33 + b"&password=", "No network is chosen"),
        ):
            page = (await house.fetch(here, "/join", "POST", body))[2]
            assert part in page and "<form" in page and house.portal.wish is None, body
        assert (await house.fetch(here, "/join", "POST", b"ssid=%zz"))[0] == 400
        assert (await house.fetch(here, "/join", "POST", b"ssid=%f"))[0] == 400
        assert (await house.fetch(here, "/join", "POST", b"ssid=home", "Origin: http://evil.example"))[
            0
        ] == 403

    visit(work)


def test_names_of_networks_are_text():
    """A neighbour may call a network what he likes; the page shows it and does not obey it."""

    async def work(house, here):
        evil = "<script>\"'&"
        house.room.air.networks[evil] = ""
        house.room.run(400)
        page = (await house.fetch(here, "/"))[2]
        assert "<script>" not in page and "&lt;script>&quot;&#39;&amp;" in page

    visit(work)


def test_a_probe_that_belongs_to_a_hub_is_not_pointed_elsewhere():
    """With a token in force the page neither asks for a hub address nor takes one."""

    async def work(house, here):
        assert 'name="hub"' not in (await house.fetch(here, "/"))[2]
        await house.fetch(here, "/join", "POST", b"ssid=home&password=secret99&hub=10.0.0.66")
        house.room.run(10)
        assert house.room.settings.get("ssid") == "home" and house.room.settings.server_url == ""

    visit(work, token="s3cret")


def test_the_hub_reaches_a_probe_whose_portal_is_still_open():
    """While the last page can still be read the probe already answers in its new network, by its new
    address."""

    async def work(house, here):
        await house.fetch(here, "/join", "POST", b"ssid=home&password=secret99")
        house.room.run(10)
        assert house.portal.opened and (await house.fetch("192.168.1.20", "/whoami"))[0] == 200
        assert (await house.fetch(here, "/status"))[0] == 200

    visit(work)


def test_slow_phones_do_not_stop_the_names():
    """Eight half requests are open, and names and pages still come."""

    async def work(house, here):
        slow = []
        for _ in range(7):
            slow.append(await house.visitor.connect())
            slow[-1][1].write(b"GET / HT")
            await slow[-1][1].drain()
        assert await house.ask(query("a.example", dns.A))
        reader, writer = await house.visitor.connect()
        writer.write(b"GET /generate_204 HTTP/1.1\r\nHost: x\r\n\r\n")
        await writer.drain()
        assert (await reply(reader))[0] == 302
        for _, other in slow + [(reader, writer)]:
            net.drop(other)

    visit(work)


def test_a_hub_address_may_come_without_http():
    """People type host and port."""
    assert wish("home", "", "pc.local:8088") == ("home", "", "http://pc.local:8088")
    assert wish("home", "", "") == ("home", "", "")
    try:
        wish("home", "x" * 65, "")
    except Refused:
        return
    raise AssertionError("taken")


def test_each_network_is_listed_once_the_strongest_first_and_not_without_end():
    """Several access points of one name are one network; hidden ones have no name to show."""
    found = strongest([("a", -80, True), ("b", -50, False), ("a", -40, True), ("", -10, False)])
    assert found == [("a", -40, True), ("b", -50, False)]
    assert len(strongest([(str(number), -number, True) for number in range(100)])) == 16
