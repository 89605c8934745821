"""The console of a real `temphub`, and its log file: what a person at the hub's computer reads."""

import re
import shutil
import time

import pytest

from support.waiting import wait_for
from temphub_kernel.core.logs import LOG_FILE

STYLE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (INFO|WARNING|ERROR) +[a-z]+: .+")


def test_what_is_said_is_also_in_the_log_file(start_temphub, data_dir):
    """Where the page is, which probe was found, that it delivers: one style of line, all of it in
    `temphub.log`, in order."""
    temphub = start_temphub("demo", "--probes", "1", "--no-browser").ready()
    wait_for(lambda: "Demo-1 delivers" in temphub.text(), 30)
    assert temphub.stop() == 0
    lines = temphub.text().splitlines()
    assert (data_dir / "demo-data" / LOG_FILE).read_text(encoding="utf-8").splitlines() == lines
    assert not [line for line in lines if not STYLE.fullmatch(line)]
    order = [
        next(n for n, line in enumerate(lines) if words in line)
        for words in ("Page: http", "found Demo-1", "Demo-1 delivers", "Stopping")
    ]
    assert order == sorted(order)
    assert "wakepy" not in temphub.text() and len([line for line in lines if "delivers" in line]) == 1


@pytest.mark.parametrize("after_s", [0.0, 0.4, 0.7, 1.0])
def test_a_stop_in_the_first_seconds_leaves_no_traceback(start_temphub, after_s):
    """Ctrl-C while the first pages are being made ready: the console reads as at any other stop."""
    temphub = start_temphub().ready()
    wait_for(lambda: "Press Ctrl-C" in temphub.text())
    # How far the pages are by then is what is tested.
    time.sleep(after_s)
    assert temphub.stop() == 0
    assert not [line for line in temphub.text().splitlines() if not STYLE.fullmatch(line)]


def test_a_hub_that_is_replaced_goes_on_in_the_same_file(start_temphub, data_dir):
    """The hub's process dies and another takes over: both are in the file, with what happened in between."""
    temphub = start_temphub().ready()
    wait_for(lambda: "Press Ctrl-C" in temphub.text())
    temphub.hub_kernel().kill()
    wait_for(lambda: "the hub was replaced" in temphub.text() and temphub.answers(), 30)
    assert temphub.ask("POST", "/api/ingest", {"temperature_c": 1, "probe_id": "after"})[0] == 200
    wait_for(lambda: "after delivers" in (data_dir / LOG_FILE).read_text(encoding="utf-8"))
    text = (data_dir / LOG_FILE).read_text(encoding="utf-8")
    assert text.index("kernel ended") < text.index("the hub was replaced") < text.index("after delivers")
    assert temphub.stop() == 0


def test_what_stops_the_start_is_in_the_file(start_temphub, data_dir, free_port):
    """A port that is taken: the file, which somebody may be asked to send, has the problem and the remedy."""
    first = start_temphub().ready()
    folder = data_dir.parent / "other"
    shutil.copytree(
        data_dir,
        folder,
        ignore=lambda *_: [LOG_FILE, "temphub.server.lock", "temphub.hub.lock", "temphub.hub.json"],
    )
    second = start_temphub(folder=folder, DATA_DIR=str(folder))
    assert second.process.wait(60) == 1
    assert f"Port {free_port} is used by another program" in (folder / LOG_FILE).read_text(encoding="utf-8")
    assert first.stop() == 0


def test_a_second_start_writes_nothing_into_the_file(start_temphub, data_dir):
    """The file has one writer: a second start on the same data folder only says on its console that a hub
    runs."""
    first = start_temphub().ready()
    # The last that a quiet hub says for a minute.
    wait_for(lambda: "Press Ctrl-C" in first.text() and "is announced" in first.text(), 30)
    before = (data_dir / LOG_FILE).read_text(encoding="utf-8")
    second = start_temphub()
    assert second.process.wait(60) == 0 and "A hub runs already" in second.text()
    assert (data_dir / LOG_FILE).read_text(encoding="utf-8") == before
    assert first.stop() == 0
