"""What InfluxDB and VictoriaMetrics themselves write is read back, reading by reading."""

import shutil
import subprocess

import pytest

from strangers.test_import_files import ms, stored
from support.engines import Influx, Victoria
from support.ports import free_port
from support.waiting import cannot
from temphub_kernel.cli import main

LINES = (
    "climate,room=lab temperature=21.5 1704067210000\n"
    "climate,room=lab temperature=21.75,humidity=44i 1704067220500\n"
    'climate,room=cold\\ store temperature=4.25,note="door, open" 1704067210000\n'
    "climate,room=cold\\ store temperature=-18.0625 1704067210500\n"
)
START = ms("2024-01-01T00:00:10")
COLD = [(START, 4.25), (START + 500, -18.0625)]
WANTED = {"lab": [(START, 21.5), (START + 10_500, 21.75)], "cold-store": COLD}
GROUPED = {f"room-{name}": rows for name, rows in WANTED.items()}


@pytest.fixture
def took_in(data_dir, tmp_path, monkeypatch, capsys):
    """What an import of these bytes, and nothing else, brings."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))

    def take(name, body, *said):
        (tmp_path / name).write_bytes(body)
        code = main(["import", str(tmp_path / name), "--yes", "--unit", "C", *said])
        if code:
            return capsys.readouterr()
        found = stored(data_dir / "temphub.sqlite3")
        assert main(["import", "--undo", capsys.readouterr().out.split(" is import ")[1].split(":")[0]]) == 0
        return found

    return take


def test_what_victoria_metrics_exports(took_in, tmp_path):
    """As JSON lines, and as CSV once it is said which column tells the rooms apart; unsaid, they are not made
    one."""
    engine = Victoria(tmp_path / "engine", free_port())
    engine.flags = ("-retentionPeriod=100y", "-memory.allowedBytes=64MiB")
    engine.start()
    try:
        engine.write(LINES, "")
        engine.get("/internal/force_flush")
        match = {"match[]": "climate_temperature"}
        lines = engine.get("/api/v1/export", **match)
        table = engine.get("/api/v1/export/csv", format="room,__value__,__timestamp__:unix_ms", **match)
    finally:
        engine.stop()
    assert took_in("export.jsonl", lines) == WANTED
    assert took_in("export.csv", table, "--name-column", "1") == WANTED
    assert "--name-column" in took_in("export.csv", table).out


def test_what_influxdb_writes(took_in, tmp_path):
    """What its own command line prints as CSV, with moments in any form, grouped or not: the rooms stay
    apart."""
    client = shutil.which("influx") or cannot(
        "influx is not installed (Debian: apt-get install influxdb-client)"
    )
    engine = Influx(tmp_path / "engine", free_port()).start()

    def asked(question, *more):
        where = ["-port", str(engine.port), "-database", "temphub", "-format", "csv"]
        return subprocess.run(
            [client, *where, "-execute", question, *more], check=True, capture_output=True
        ).stdout

    try:
        asked("CREATE DATABASE temphub")
        engine.write(LINES, "temphub")
        plain = asked("SELECT temperature, room FROM climate")
        dated = asked("SELECT temperature, room FROM climate", "-precision", "rfc3339")
        several = asked("SELECT * FROM climate")
        grouped = asked("SELECT temperature FROM climate GROUP BY room", "-precision", "ms")
    finally:
        engine.stop()
    assert took_in("plain.csv", plain) == WANTED and took_in("dated.csv", dated) == WANTED
    assert took_in("grouped.csv", grouped) == GROUPED
    assert took_in("several.csv", several, "--name-column", "room") == WANTED
