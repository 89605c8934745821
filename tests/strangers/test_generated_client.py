"""A client that a well-kept generator makes of openapi.yaml, at a real hub with a stranger's probe."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.running import TempHub
from support.strangers import PROGRAMS, TOKEN
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.api import contract

DOCUMENT = Path(contract.__file__).with_name("openapi.yaml")
ID = "TempProbe-0096"
NAME = "generated_temphub_client"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The client's package, generated from the contract as it is; a warning of the generator is an error."""
    bin_folder = Path(sys.executable).parent
    command = [
        bin_folder / "openapi-python-client",
        "generate",
        "--path",
        DOCUMENT,
        "--meta",
        "none",
        "--output-path",
        tmp_path / NAME,
    ]
    # The generator formats what it made, with ruff as it finds it.
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*command, "--fail-on-warning"],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, "RUFF_NO_CACHE": "true"},
    )
    assert done.returncode == 0 and "WARNING" not in done.stdout, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(NAME)
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


@pytest.fixture
def hub(data_dir: Path, free_port: int) -> Iterator[TempHub]:
    """A hub with a token, beside a stranger's probe that it knows."""
    hub = TempHub(data_dir, free_port, SERVER_TOKEN=TOKEN)
    with (data_dir.parent / "probe.log").open("wb") as log:
        command = [
            sys.executable,
            str(PROGRAMS / "plain_probe.py"),
            "--id",
            ID,
            "--address",
            "127.0.0.1",
            "--port",
            "0",
        ]
        probe = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        hub.ready()
        wait_for(lambda: ID in [one["id"] for one in hub.ask("GET", "/api/probes")[1]["probes"]], 20)
        yield hub
    finally:
        probe.terminate()
        probe.wait(PATIENCE_S)
        hub.stop()


def unknown_fields(model: Any) -> list[str]:
    """Fields of a reply that the contract does not describe, the nested ones too."""
    found = list(getattr(model, "additional_properties", {}) or {})
    for field in model.__attrs_attrs__:
        value = getattr(model, field.name)
        for one in value if isinstance(value, list) else [value]:
            found += unknown_fields(one) if hasattr(one, "__attrs_attrs__") else []
    return found


@pytest.mark.timeout(180)
def test_a_generated_client_posts_asks_and_provisions(api, hub):
    """What a generator makes of the contract posts a reading, a counted one and a batch and is told what was
    stored, provisions a probe and all of them, keeps remarks and calibrations, reads history whole and in
    buckets, and knows every field of the replies."""
    calls = {
        name: importlib.import_module(f"{NAME}.api.default.{name}")
        for name in (
            "ingest",
            "provision",
            "readings",
            "probes",
            "health",
            "annotate",
            "annotations",
            "calibrate",
            "calibrations",
        )
    }
    models = importlib.import_module(f"{NAME}.models")
    unset = importlib.import_module(f"{NAME}.types").UNSET
    with api.AuthenticatedClient(
        f"http://127.0.0.1:{hub.port}", token=TOKEN, prefix="", auth_header_name="X-Token"
    ) as client:

        def ask(name: str, **how: Any) -> Any:
            answer = calls[name].sync(client=client, **how)
            assert getattr(answer, "ok", None) is True, answer
            assert not unknown_fields(answer), (name, unknown_fields(answer))
            return answer

        plain = ask("ingest", body=models.Reading(temperature_c=23.8, probe_id="client"))
        assert (plain.stored, plain.duplicates) == (unset, unset)
        counted = models.Reading(temperature_c=23.8125, probe_id="client", boot="b1", seq=1, age_ms=0)
        assert [ask("ingest", body=counted).stored for _ in range(2)] == [1, 0]
        items = [
            models.BatchReading(seq=number, age_ms=1000, temperature_c=20.5 + number) for number in (1, 2, 3)
        ]
        batch = ask("ingest", body=models.Batch(probe_id="client", boot="b2", readings=items))
        assert (batch.stored, batch.duplicates) == (3, 0) and batch.time.endswith("Z")
        wrong = calls["ingest"].sync(
            client=client, body=models.Reading(temperature_c=20, probe_id="no such name")
        )
        assert isinstance(wrong, models.Problem) and wrong.error == "bad_probe_id"

        history = ask("readings", probe_id="client").readings
        assert sorted(one.temperature_c for one in history) == [21.5, 22.5, 23.5, 23.8, 23.8125]
        assert all(isinstance(one, models.StoredReading) for one in history)
        (bucket,) = ask("readings", probe_id="client", bucket="1d").readings[-1:]
        assert isinstance(bucket, models.Bucket) and bucket.max_c == 23.8125

        one = ask("provision", body=models.ProvisionBody(host=ID, interval_ms=1000))
        assert (one.probe_id, one.interval_ms, one.server_url) == (
            ID,
            1000,
            f"http://127.0.0.1:{hub.port}/api/ingest",
        )
        everyone = ask("provision")
        assert [(told.probe_id, told.ok) for told in everyone.probes] == [(ID, True)]
        wait_for(lambda: ask("readings", probe_id=ID).readings, 15, 0.2)

        kept = ask("annotate", body=models.Remark(from_ms=1795438440000, text="Power cut", probe_id=None))
        assert [(remark.number, remark.probe_id) for remark in ask("annotations").annotations] == [
            (kept.number, None)
        ]
        ask("annotate", body=models.EraseRemark(erase=kept.number))
        ask("calibrate", body=models.NewCalibration(probe_id="client", points=[[20.3, 20.0]]))
        (calibration,) = ask("calibrations").calibrations
        assert calibration.points == [[20.3, 20.0]]
        ask("calibrate", body=models.ForgetCalibration(forget=calibration.number))
        assert {probe.id for probe in ask("probes").probes} == {ID, "client"}
        assert ask("health").readings >= 5
