"""Engines that refuse, break off, lie or are not there: words with a remedy, no token in them, and nothing
lost."""

import gzip
import logging
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from support.waiting import wait_for
from support.web_end import Quiet, WebEnd
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.forward.engine.forwarder import Engine
from temphub_kernel.forward.engine.kinds import Door

TOKEN = "s3cret-token"


class Odd(WebEnd):
    """An engine that can only be written to. answer: (status, headers, body) of all that is posted; most: how
    many lines it takes at once, more are `too_many`."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, str], bytes] = (204, {}, b"")
        self.most = 10**9
        self.too_many: tuple[int, dict[str, str], bytes] | None = (413, {}, b"")
        self.never = ""
        self.asked = 0
        self.endless = False
        self.metrics = b""
        self.export: tuple[int, dict[str, str], bytes] = (404, {}, b"nothing here")
        self.lines: list[str] = []
        self.seen: list[dict[str, str]] = []
        odd = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                if self.path == "/metrics" and odd.metrics:
                    self._say((200, {}, odd.metrics))
                else:
                    self._say(odd.export)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                odd.seen.append({"path": self.path, **dict(self.headers.items())})
                odd.hold.wait(30)
                lines = gzip.decompress(body).decode().splitlines()
                odd.asked += 1
                refused = odd.never and any(odd.never in line for line in lines)
                if len(lines) > odd.most:
                    if odd.too_many is None:
                        self.close_connection = True
                        self.connection.close()
                        return
                    self._say(odd.too_many)
                elif refused:
                    self._say((400, {}, b'{"error":"unable to parse"}'))
                else:
                    if odd.answer[0] == 204:
                        odd.lines += lines
                    self._say(odd.answer)

            def _say(self, answer: tuple[int, dict[str, str], bytes]) -> None:
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(10**12 if odd.endless else len(body)))
                self.end_headers()
                self.wfile.write(body)
                while odd.endless:
                    self.wfile.write(b"x" * 65536)

        super().__init__(Handler)

    @property
    def values(self) -> list[float]:
        return [float(line.split("=")[-1].split(" ")[0]) for line in self.lines if "celsius" in line]


@pytest.fixture
def odd():
    made = Odd()
    yield made
    made.close()


@pytest.fixture
def start(journal):
    started: list[Engine] = []

    def begin(url: str, **more: Any) -> Engine:
        door = Door(url, TOKEN, timeout_s=more.pop("timeout_s", 10.0))
        given = {"every_s": 0.02, "look_s": 0.05, "pauses_s": (0.05,), **more}
        engine = Engine(door, "Shop", journal.path, journal.writer, **given)
        engine.start()
        started.append(engine)
        return engine

    yield begin
    for engine in started:
        assert engine.stop()


REFUSALS = {
    "token": ((401, {}, b"no " + TOKEN.encode()), "answers 401", "Set FORWARD_TOKEN"),
    "forbidden": ((403, {}, b""), "answers 403", "Set FORWARD_TOKEN"),
    "typo": ((404, {"Content-Type": "text/html"}, b"<html>"), "answers 404", "Correct FORWARD_URL"),
    "redirect": (
        (307, {"Location": "http://127.0.0.1/x"}, b""),
        "sends on to http://127.0.0.1/x",
        "Set FORW",
    ),
    "page": (
        (200, {"Content-Type": "text/html"}, b"<!doctype html>"),
        "a page for people",
        "Correct FORWARD",
    ),
    "full": ((500, {}, b'{"error":"write /data: no space left on device"}'), "no space left", "Make room"),
    "database": ((404, {}, b'{"error":"database not found: \\"t\\""}'), "not found", "Make the database"),
    "busy": ((503, {}, b""), "answers 503", "Look at the engine"),
    "other": (
        (400, {}, b'{"error":"database is required"}'),
        "is required",
        "Add the database to FORWARD_URL",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_told_and_nothing_lost(
    journal, odd, start: Callable[..., Engine], caplog, name: str
) -> None:
    """Whatever it answers, the page says what and what to do, never the token; when it is well again, every
    reading arrives once."""
    caplog.set_level(logging.DEBUG)
    odd.answer, said, remedy = REFUSALS[name]
    journal.add(1.0, 2.0)
    engine = start(f"http://127.0.0.1:{odd.port}")
    wait_for(lambda: engine.state().problem)
    state = engine.state()
    assert said in state.problem and state.remedy.startswith(remedy)
    assert "2 readings wait in the journal, none is lost" in state.problem
    assert TOKEN not in f"{state} {engine.report()} {caplog.text}"
    odd.answer = (204, {}, b"")
    wait_for(lambda: odd.values == [1.0, 2.0])
    wait_for(lambda: not engine.state().problem)
    assert odd.seen[0]["Authorization"] == f"Bearer {TOKEN}"
    assert odd.seen[0]["path"] == "/write?precision=ms" and odd.seen[0]["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("too_many", [(413, {}, b""), None], ids=["413", "reset"])
def test_requests_shrink_until_they_fit(journal, odd, start: Callable[..., Engine], too_many) -> None:
    """One that answers 'too large', or breaks off, gets smaller requests; each reading arrives once."""
    odd.most, odd.too_many = 7, too_many
    journal.add(*map(float, range(100)))
    start(f"http://127.0.0.1:{odd.port}")
    wait_for(lambda: len(odd.values) >= 100)
    assert odd.values == list(map(float, range(100)))


def test_one_reading_that_is_refused_holds_up_no_other(journal, odd, start: Callable[..., Engine]) -> None:
    """It is found by halves and counted; the others are there, and it is not tried for ever."""
    odd.never = "celsius=13"
    journal.add(*map(float, range(40)))
    engine = start(f"http://127.0.0.1:{odd.port}")
    wait_for(lambda: engine.report().get("waiting") == 0)
    assert odd.values == [value for value in map(float, range(40)) if value != 13]
    wait_for(lambda: "1 refused one by one" in engine.state().problem)
    asked = odd.asked
    journal.add(50.0)
    wait_for(lambda: 50.0 in odd.values)
    assert odd.asked == asked + 1


def test_a_write_taken_in_part_is_not_repeated(journal, odd, start: Callable[..., Engine]) -> None:
    """'Partial write: dropped=1' means that the others are there: one is counted, and the same request does
    not come again."""
    engine = start(f"http://127.0.0.1:{odd.port}")
    wait_for(lambda: engine.report().get("waiting") == 0)
    odd.answer = (400, {}, b'{"error":"partial write: points beyond retention policy dropped=1"}')
    journal.add(1.0, 2.0, 3.0)
    wait_for(lambda: engine.report().get("fallen") == {"too_old": 1})
    odd.answer = (204, {}, b"")
    journal.add(4.0)
    wait_for(lambda: odd.values)
    assert odd.values == [4.0]


def test_an_answer_without_an_end(journal, odd, start: Callable[..., Engine]) -> None:
    """Its beginning is all that is read."""
    odd.answer, odd.endless = (500, {}, b"x"), True
    journal.add(1.0)
    engine = start(f"http://127.0.0.1:{odd.port}")
    wait_for(lambda: "answers 500" in engine.state().problem)
    odd.answer, odd.endless = (204, {}, b""), False
    wait_for(lambda: odd.values == [1.0])


@pytest.mark.alone
def test_one_that_says_nothing_does_not_keep_the_hub_from_stopping(
    journal, odd, start: Callable[..., Engine]
) -> None:
    """While an answer is awaited the hub stops within a second; what was not acknowledged comes again."""
    odd.hold.clear()
    journal.add(1.0)
    engine = start(f"http://127.0.0.1:{odd.port}", timeout_s=60.0)
    wait_for(lambda: odd.seen)
    assert engine.stop(timeout_s=1.0)
    odd.hold.set()


def test_nobody_there_and_no_such_name(journal, free_port: int, start: Callable[..., Engine]) -> None:
    """A port where nothing listens and a name that nobody has are told as that."""
    journal.add(1.0)
    nobody, nowhere = start(f"http://127.0.0.1:{free_port}"), start("http://engine.invalid:8428")
    wait_for(lambda: nobody.state().problem and nowhere.state().problem)
    assert "cannot be reached (Connection refused)" in nobody.state().problem
    assert "no computer of the name engine.invalid is known here" in nowhere.state().problem
    assert nobody.state().remedy.startswith("Check that it runs")


def test_a_certificate_that_nobody_vouches_for(journal, odd, tmp_path, start: Callable[..., Engine]) -> None:
    """It is not spoken to, and the token not shown to it; what to do stands beside it. A plain port asked for
    TLS is told, too."""
    journal.add(1.0)
    plain = start(f"https://127.0.0.1:{odd.port}")
    wait_for(lambda: "does not speak TLS there" in plain.state().problem)
    assert plain.stop() and plain.state().remedy.startswith("Write http://")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path))
    odd.wrap(context)
    engine = start(f"https://127.0.0.1:{odd.port}")
    wait_for(lambda: engine.state().problem)
    assert "does not trust its certificate: self-signed certificate" in engine.state().problem
    assert "SSL_CERT_FILE" in engine.state().remedy and not odd.seen


def _certificate(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "engine")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "engine.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


METRICS = (
    b'vm_app_version{version=""} 1\nflag{name="retentionPeriod", value="100y"} 1\n'
    b"process_start_time_seconds 7\nvm_rows_ignored_total 0\n"
)


def test_what_was_acknowledged_and_is_not_there_is_told(journal, odd, start: Callable[..., Engine]) -> None:
    """A sample of what was sent is read back: what lacks is sent once more; what lacks then still, or is
    there with another value, is named, and not sent for ever."""
    odd.metrics, odd.export = METRICS, (200, {}, b"")
    journal.add(1.0)
    engine = start(f"http://127.0.0.1:{odd.port}", trail_s=0.0)
    wait_for(lambda: engine.report().get("fallen") == {"not_kept": 1})
    wait_for(lambda: engine.place() == 1)
    assert odd.values == [1.0, 1.0]
    wait_for(lambda: "1 acknowledged twice, and not there when it was read back" in engine.state().problem)
    assert engine.state().remedy.startswith("Look at the engine's disk and log.")
    at_ms = now_ms()
    metric = '{"__name__":"temphub_celsius","site":"Shop","probe":"Cold-1"}'
    odd.export = 200, {}, f'{{"metric":{metric},"values":[7],"timestamps":[{at_ms}]}}'.encode()
    journal.writer.store([Row("Cold-1", None, None, at_ms, at_ms, to_units(2.0), None)])
    wait_for(lambda: engine.report()["fallen"] == {"not_kept": 1, "changed": 1})
    assert odd.values == [1.0, 1.0, 2.0]


def test_one_that_may_not_be_read_gets_all_the_same(journal, odd, start: Callable[..., Engine]) -> None:
    """Where it is written to but not read, or reading is answered with nonsense, readings go on, and what
    would help is said."""
    odd.metrics = METRICS
    journal.add(1.0, 2.0)
    engine = start(f"http://127.0.0.1:{odd.port}", trail_s=0.0)
    wait_for(lambda: engine.place() == 2)
    assert odd.values == [1.0, 2.0] and engine.report()["engine"] == "VictoriaMetrics"
    wait_for(lambda: engine.report().get("advice"))
    odd.export = (200, {}, b"nonsense")
    journal.add(3.0)
    wait_for(lambda: engine.place() == 3)
    assert odd.values == [1.0, 2.0, 3.0] and not engine.state().problem
