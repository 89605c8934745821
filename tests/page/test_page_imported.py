"""What was brought in from elsewhere, on the row of its probe."""

import re

from temphub_kernel.alarms import shown, states
from temphub_kernel.cli import main
from temphub_kernel.core.clock import iso_utc, now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import Reader, Writer
from temphub_kernel.page.choices.view import View
from temphub_kernel.page.data.snapshot import Source
from temphub_kernel.page.html import panels


def test_history_alone_puts_nobody_on_alert(data_dir, tmp_path, monkeypatch):
    """A logger that never delivered here is silent, since when, and no trouble: not on the page, and not for
    programs. Once it delivers it is a probe as any other."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    journal, at_ms = data_dir / "temphub.sqlite3", now_ms()
    lines = [f"{iso_utc(at_ms - 7_200_000 + 60_000 * minute)},P,1" for minute in range(60)]
    (tmp_path / "old.csv").write_text("\n".join(["timestamp,probe_id,temperature_c", *lines]))
    assert main(["import", str(tmp_path / "old.csv"), "--yes"]) == 0
    source = Source(journal)

    def standings(now_ms):
        (probe,) = source.read(View().wanted, now_ms).probes
        with Reader(journal) as reader:
            newest = {one.probe_id: one for one in reader.newest()}
            told = shown.standings(reader, reader.probes(), (), now_ms, newest)
        return [(one.state, one.level) for one in (probe.standing, told["P"])]

    assert standings(at_ms) == [("silent", states.NOTED)] * 2
    writer = Writer(journal)
    writer.start()
    writer.store([Row("P", "b00t", 1, at_ms, at_ms, 40_000_000, None)])
    writer.stop()
    assert standings(at_ms + 1000)[0][0] == "fine"
    assert standings(at_ms + 3_600_000) == [("silent", states.CRITICAL)] * 2
    source.close()


def test_a_row_says_what_was_imported(data_dir, tmp_path, monkeypatch):
    """How many readings, from which file; no longer once it is taken back. A file's name is no HTML."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    head = "timestamp,probe_id,temperature_c\n2024-01-01T00:00:00Z,P,1\n"
    for name, more in (
        ("old.csv", ""),
        ("old & new.csv", "2024-01-01T00:01:00Z,P,2\n2024-01-01T00:02:00Z,P,2\n"),
    ):
        (tmp_path / name).write_text(head + more)
        assert main(["import", str(tmp_path / name), "--yes"]) == 0
    source = Source(data_dir / "temphub.sqlite3")

    def row():
        found = source.read(View().wanted, now_ms())
        (probe,) = found.probes or found.folded
        return panels.list_row(probe, "", View(), now_ms())

    assert re.search(
        r"imported: 2 readings from old &amp; new.csv, .* · imported: 1 reading from old.csv", row()
    )
    assert main(["import", "--undo", "2"]) == 0
    assert "&amp;" not in row() and "1 reading from old.csv" in row()
    source.close()
