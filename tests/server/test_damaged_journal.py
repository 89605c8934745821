"""The journal damaged while the hub runs."""

import csv
import os

from support.waiting import wait_for
from temphub_kernel.journal import Reader

HALF = 50


def test_a_journal_that_breaks_while_the_hub_runs(start_temphub, data_dir):
    """Probes are told 503 and keep their readings, the hub is replaced by one that puts the damaged file
    aside, fills a new one from the CSV log, and takes readings again: nobody had to do anything."""
    temphub = start_temphub().ready()
    for number in range(HALF):
        assert (
            temphub.ask("POST", "/api/ingest", {"temperature_c": number, "probe_id": f"p{number}"})[0] == 200
        )
    wait_for(lambda: (data_dir / "temperature_log.csv").read_bytes().count(b"\n") == HALF + 1, 20)
    journal = data_dir / "temphub.sqlite3"
    for path in (journal, data_dir / "temphub.sqlite3-wal"):
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
    sent = [HALF]

    def deliver():
        try:
            status, _ = temphub.ask(
                "POST", "/api/ingest", {"temperature_c": sent[0], "probe_id": f"p{sent[0]}"}
            )
        except OSError:
            return False
        assert status in (200, 503)
        sent[0] += status == 200
        return list(data_dir.glob("temphub-damaged-*.sqlite3")) and status == 200

    wait_for(deliver, 60, 0.1)
    wait_for(lambda: "damaged" in temphub.ask("GET", "/api/health")[1]["problem"], 20)
    wait_for(lambda: temphub.ask("GET", "/api/health")[1]["csv_waiting"] == 0, 20)
    assert temphub.stop() == 0
    with Reader(journal) as reader:
        stored = {point.probe_id for point in reader.after(0, 10**6)}
    with (data_dir / "temperature_log.csv").open(encoding="utf-8", newline="") as file:
        logged = {row["probe_id"] for row in csv.DictReader(file)}
    # What was acknowledged while nobody knew of the damage, seconds at most, may be in the damaged file only.
    assert (
        {f"p{number}" for number in range(HALF)} <= stored
        and f"p{sent[0] - 1}" in stored
        and stored == logged
    )
