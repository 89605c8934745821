"""The hub takes in what an import wrote, and takes it back."""

from journal.test_imports import PAST, staged


class _Place:
    """The folder of a hub, as the journal's harness has it."""

    def __init__(self, path):
        self.path = path


def test_an_import_is_taken_in_listed_and_undone(hub, data_dir):
    """A running hub takes in history without a restart, says what it has, and lets it go again; what was done
    stands among the changes."""
    assert hub.ask("GET", "/api/imports") == (200, {"ok": True, "imports": []})
    folder = staged(_Place(data_dir / "temphub.sqlite3"), {"Cellar": [(PAST, 123_000_000)]})
    assert hub.ask("POST", "/api/import", {"folder": folder}) == (200, {"ok": True, "number": 1})
    (known,) = hub.ask("GET", "/api/imports")[1]["imports"]
    assert (known["readings"], known["probes"], known["undone"]) == (1, {"Cellar": 1}, None)
    found = hub.ask("GET", f"/api/readings?probe_id=Cellar&from={PAST}&to={PAST + 1}")[1]["readings"]
    assert [(one["temperature_c"], one["import"]) for one in found] == [(12.3, 1)]
    hub.ask("POST", "/api/ingest", {"temperature_c": 4, "probe_id": "Fridge"})
    (delivered,) = hub.ask("GET", "/api/readings?probe_id=Fridge")[1]["readings"]
    assert "import" not in delivered
    assert hub.ask("POST", "/api/import", {"folder": "nowhere"})[1]["error"] == "unknown_import"
    assert hub.ask("POST", "/api/import", {"folder": folder})[1]["error"] == "bad_import"
    assert hub.ask("POST", "/api/import", {"folder": 7})[1]["error"] == "bad_import"
    assert hub.ask("POST", "/api/import", {"undo": 1}) == (200, {"ok": True, "number": 1})
    assert hub.ask("POST", "/api/import", {"undo": 1})[1]["error"] == "unknown_import"
    assert hub.ask("GET", "/api/imports")[1]["imports"][0]["undone"]
    assert [one["id"] for one in hub.ask("GET", "/api/probes")[1]["probes"]] == ["Fridge"]
