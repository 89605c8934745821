"""What web pages of others cannot do, and what browsers are told."""

import asyncio
import datetime
import http.client
import ipaddress
import json
import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from support.waiting import PATIENCE_S
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.journal import Reader

READING = {"temperature_c": 20.0, "probe_id": "p"}
OWN_NAME = socket.gethostname()
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"


@pytest.fixture
def hub(make_hub, page):
    return make_hub(page=("127.0.0.1", page.port))


OWN = [
    "localhost",
    "LOCALHOST.",
    "temphub.local",
    "192.168.1.20",
    "[fe80::1]",
    "100.64.0.9",
    OWN_NAME,
    f"{OWN_NAME}.fritz.box",
    "hub.lan",
]


@pytest.mark.parametrize("host", OWN)
def test_its_own_names_are_answered(hub, host):
    """The hub is there under its addresses, its name, and the names that only a LAN can give."""
    for path in ("/", "/api/probes"):
        assert hub.ask("GET", path, headers={"Host": f"{host}:{hub.port}"})[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.nip.example",
        "temphub.local.evil.example",
        "a]b",
        "evil.com.",
    ],
)
def test_a_rebound_name_is_refused(hub, host):
    """A foreign name that was pointed at the hub's address opens no page, no reading and no change."""
    for method, path in (
        ("GET", "/"),
        ("GET", "/api/readings"),
        ("GET", "/metrics"),
        ("POST", "/api/annotate"),
    ):
        status, answer = hub.ask(method, path, {} if method == "POST" else None, {"Host": host})
        assert (status, answer["error"]) == (421, "foreign_host"), (method, path)
    page = {"Host": host, "Origin": f"http://{host}"}
    assert hub.ask("POST", "/api/ingest", READING, page)[0] == 421
    assert hub.ask("GET", "/api/ingest?temperature_c=1", headers={"Host": host})[0] == 421


def test_names_can_be_allowed(make_hub):
    """ALLOWED_HOSTS and the host of PUBLIC_BASE are names of the hub, too."""
    hub = make_hub(
        environ={
            "ALLOWED_HOSTS": "hub.example.org, Other.Example",
            "PUBLIC_BASE": "http://public.example:8088",
        }
    )
    for host in ("hub.example.org", "other.example:8088", "public.example"):
        assert hub.ask("GET", "/api/health", headers={"Host": host})[0] == 200
    assert hub.ask("GET", "/api/health", headers={"Host": "third.example"})[0] == 421


def test_a_probe_may_know_its_hub_by_any_name(hub):
    """A probe that was told another name for its hub goes on delivering: only browsers can be led astray by a
    name."""
    for path, body in (("/api/ingest", READING), ("/api/hello", {"id": "p", "port": 80})):
        assert hub.ask("POST", path, body, {"Host": "hub.my-company.example"})[0] == 200


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "file://"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_cannot_write(hub, headers):
    """A web page of somebody else's cannot store a reading, change or delete anything, nor reach the page's
    own addresses."""
    for path, body in (
        ("/api/ingest", READING),
        ("/api/annotate", {"from_ms": 1, "text": "x"}),
        ("/api/hello", {"id": "p", "port": 80}),
    ):
        status, answer = hub.ask("POST", path, body, headers)
        assert (status, answer["error"]) == (403, "cross_site"), path
    assert hub.ask("POST", "/v/voila/api/shutdown/x", b"", headers)[0] == 403
    assert hub.ask("GET", "/api/ingest?temperature_c=1", headers=headers)[0] == 403
    assert not hub.met
    with Reader(hub.journal) as reader:
        assert reader.count() == 0 and not reader.annotations(0, 2**53)


def test_the_hubs_own_page_can_write(hub):
    """The page itself, on whatever name it was opened, may do all of it."""
    for host in (f"127.0.0.1:{hub.port}", "temphub.local", "temphub.local:80"):
        headers = {
            "Host": host,
            "Origin": f"http://{host.removesuffix(':80')}",
            "Sec-Fetch-Site": "same-origin",
        }
        assert hub.ask("POST", "/api/annotate", {"from_ms": 1, "text": "x"}, headers)[0] == 200


def test_an_image_cannot_store_a_reading(hub, make_hub):
    """GET /api/ingest from an image or a frame of a foreign page is refused; typed by a person, or from a
    program, it works."""
    path = "/api/ingest?temperature_c=1"
    for headers in ({"User-Agent": BROWSER}, {"User-Agent": BROWSER, "Referer": "http://evil.example/"}):
        assert hub.ask("GET", path, headers=headers)[0] == 403
    own = {"User-Agent": BROWSER, "Referer": f"http://127.0.0.1:{hub.port}/"}
    for headers in ({}, {"User-Agent": "curl/8"}, {"User-Agent": BROWSER, "Sec-Fetch-Site": "none"}, own):
        assert hub.ask("GET", path, headers=headers)[0] == 200


def test_the_token_allows_a_typed_reading(make_hub):
    """With a token in force a GET that shows it is meant, whatever browser sends it."""
    hub = make_hub(token="s3cret")
    assert (
        hub.ask("GET", "/api/ingest?temperature_c=1&token=s3cret", headers={"User-Agent": BROWSER})[0] == 200
    )
    assert hub.ask("GET", "/api/ingest?temperature_c=1", headers={"User-Agent": BROWSER})[0] == 401


def test_a_foreign_page_gets_no_websocket(hub):
    """The page's websocket opens for the hub's own page and for programs, not for a page of somebody
    else's."""

    async def talk(origin):
        headers = {"Origin": origin} if origin else {}
        request = HTTPRequest(f"ws://127.0.0.1:{hub.port}/v/socket", headers=headers)
        one = await websocket_connect(request)
        await one.write_message("hello")
        answer = await one.read_message()
        one.close()
        while await one.read_message() is not None:
            pass
        return answer

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert runner.run(asyncio.wait_for(talk(f"http://127.0.0.1:{hub.port}"), PATIENCE_S)) == "hello"
        assert runner.run(asyncio.wait_for(talk(None), PATIENCE_S)) == "hello"
        with pytest.raises(HTTPClientError) as caught:
            runner.run(asyncio.wait_for(talk("http://evil.example"), PATIENCE_S))
    assert caught.value.code == 403


def test_no_reply_invites_other_sites(hub):
    """No reply, whatever is asked, lets other sites read it; each says what it is and who may frame it."""
    asks = [
        ("GET", "/"),
        ("GET", "/api/probes"),
        ("OPTIONS", "/api/ingest"),
        ("OPTIONS", "/api/probes"),
        ("GET", "/metrics"),
        ("GET", "/login"),
    ]
    for method, path in asks:
        _, headers, _ = hub.whole(method, path, headers={"Access-Control-Request-Method": "POST"})
        assert not [name for name in headers if name.lower().startswith("access-control-")], path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        if method == "GET" and path != "/login":
            assert "frame-ancestors" in headers["Content-Security-Policy"] and headers["Referrer-Policy"], (
                path
            )
    assert "default-src 'self'" in hub.whole("GET", "/")[1]["Content-Security-Policy"]


@pytest.fixture
def certificate(tmp_path):
    """(certificate, key) for 127.0.0.1."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "temphub")])
    built = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1)
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "hub cert.pem", tmp_path / "hub key.pem"
    files[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return files


def test_people_get_tls_and_probes_plain(make_hub, page, certificate):
    """With a certificate the page and the API are there encrypted on a port of their own; probes deliver as
    before."""
    cert, key = certificate
    hub = make_hub(
        page=("127.0.0.1", page.port),
        environ={"TLS_CERT": str(cert), "TLS_KEY": str(key), "UI_PASSWORD": "long enough"},
    )
    assert hub.ask("POST", "/api/ingest", READING)[0] == 200
    context = ssl.create_default_context(cafile=str(cert))
    connection = http.client.HTTPSConnection(
        "127.0.0.1", hub.endpoint.tls_port, timeout=PATIENCE_S, context=context
    )
    connection.request(
        "POST", "/login", b"password=long+enough", {"Origin": f"https://127.0.0.1:{hub.endpoint.tls_port}"}
    )
    reply = connection.getresponse()
    reply.read()
    cookie = reply.headers["Set-Cookie"]
    assert reply.status == 303 and "Secure" in cookie
    connection.request("GET", "/v/some/page", headers={"Cookie": cookie.partition(";")[0]})
    assert json.loads(connection.getresponse().read())["uri"] == "/v/some/page"
    connection.close()


def test_pages_move_to_tls(make_hub, page, certificate):
    """Where a certificate is given, people from other devices are led to the encrypted page; the API stays
    where programs know it."""
    cert, key = certificate
    hub = make_hub(page=("127.0.0.1", page.port), environ={"TLS_CERT": str(cert), "TLS_KEY": str(key)})
    guard = hub.guard()
    assert (
        guard("GET", "/x?a=1", "192.168.1.9", secure=False)
        == f"https://temphub.local:{hub.endpoint.tls_port}/x?a=1"
    )
    assert guard("GET", "/api/probes", "192.168.1.9", secure=False) is None
    assert guard("GET", "/x", "192.168.1.9", secure=True) is None
    assert guard("GET", "/x", "127.0.0.1", secure=False) is None


def test_a_certificate_that_cannot_be_used_stops_the_start(make_hub, tmp_path):
    """A missing or wrong certificate is told in words, and no port is kept."""
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(TempHubError) as caught:
        make_hub(environ={"TLS_CERT": str(tmp_path / "no.pem"), "TLS_KEY": str(tmp_path / "none.pem")})
    assert caught.value.code == "bad_certificate" and "no.pem" in caught.value.problem
