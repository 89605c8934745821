"""docs/fleet/vmauth.yml with Debian's vmauth in front of a real engine: TLS, and a token for each site."""

import ipaddress
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.engines import Victoria
from support.ports import free_port
from support.waiting import cannot, wait_for
from temphub_kernel.forward.engine.forwarder import Engine
from temphub_kernel.forward.engine.kinds import Door

CONFIG = Path(__file__).parents[2] / "docs" / "fleet" / "vmauth.yml"


class Behind(Victoria):
    """As docs/fleet.md has it started."""

    flags = ("-memory.allowedBytes=128MiB", "-http.pathPrefix=/temphub", "-retentionPeriod=100y")

    def _curl(self, path: str) -> bytes | None:
        return super()._curl(f"/temphub{path}")


def certificate(folder: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "metrics")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "metrics.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "metrics.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Victoria]:
    made = Behind(tmp_path / "engine", free_port())
    yield made.start()
    made.stop()


@pytest.fixture
def address(tmp_path: Path, engine: Victoria, monkeypatch) -> Iterator[str]:
    """Where vmauth answers."""
    tool = shutil.which("vmauth")
    if tool is None:
        cannot("vmauth is not installed (Debian: apt-get install victoria-metrics)")
    certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "metrics.crt"))
    told = CONFIG.read_text(encoding="utf-8")
    (tmp_path / "vmauth.yml").write_text(told.replace("127.0.0.1:8428", f"127.0.0.1:{engine.port}"))
    port = free_port()
    options = ["-auth.config=vmauth.yml", "-tls", "-tlsCertFile=metrics.crt", "-tlsKeyFile=metrics.key"]
    with (tmp_path / "vmauth.txt").open("wb") as out:
        program = subprocess.Popen(
            [tool, *options, f"-httpListenAddr=127.0.0.1:{port}"], cwd=tmp_path, stdout=out, stderr=out
        )
    try:
        wait_for(lambda: answers(port), 30)
        yield f"https://127.0.0.1:{port}/temphub/write"
    finally:
        program.terminate()
        program.wait(30)


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("site", ["Shop 7", "Shop 8"])
def test_a_token_writes_and_reads_one_site(journal, address: str, engine: Victoria, site: str) -> None:
    """Through vmauth a hub forwards, reads back and knows the engine's own retention; whatever it calls
    itself, what it writes counts as its token's site."""
    journal.add(4.5, 4.75, None)
    door = Door(address, "token-of-shop-7")
    forwarder = Engine(door, site, journal.path, journal.writer, every_s=0.02, look_s=0.05, pauses_s=(0.05,))
    forwarder.start()
    try:
        wanted = ('celsius{probe="Cold-1",', 'flagged{probe="Cold-1",quality="open",', "hub{")
        names = {f'temphub_{one}site="Shop 7"}}' for one in wanted}
        wait_for(lambda: names <= set(engine.series()), 30)
        assert all('site="Shop 7"' in name for name in engine.series())
        told = door.get("/metrics").body.decode()
        assert 'flag{name="retentionPeriod", value="100y"' in told and "vm_rows_ignored_total" in told
        assert not forwarder.state().problem
    finally:
        assert forwarder.stop()


def test_another_token_is_told(journal, address: str) -> None:
    """A token that vmauth does not know is told with what to set, and nothing is lost."""
    journal.add(4.5)
    door = Door(address, "no token")
    forwarder = Engine(
        door, "Shop 7", journal.path, journal.writer, every_s=0.02, look_s=0.05, pauses_s=(0.05,)
    )
    forwarder.start()
    try:
        wait_for(lambda: forwarder.state().problem, 30)
        assert "cannot find the provided auth token" in forwarder.state().problem
        assert "no token" not in forwarder.state().problem
        assert forwarder.state().remedy.startswith("Set FORWARD_TOKEN")
    finally:
        assert forwarder.stop()
