"""What was brought in from elsewhere, on the row of its probe."""

import re

from temphub_kernel.cli import main
from temphub_kernel.core.clock import now_ms
from temphub_kernel.page.choices.view import View
from temphub_kernel.page.data.snapshot import Source
from temphub_kernel.page.html import panels


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
