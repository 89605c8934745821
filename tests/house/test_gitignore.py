"""A hub that runs inside the checkout leaves nothing there that could be committed by accident: keys,
sessions, readings."""

import ast
import subprocess
from pathlib import Path

import pytest

from support.running import TempHub

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "temphub_kernel"


def ignored(name: str) -> bool:
    """Whether git leaves a file of that name at the top of the checkout alone."""
    return (
        subprocess.run(["git", "check-ignore", "-q", "--no-index", name], cwd=ROOT, check=False).returncode
        == 0
    )


def named() -> dict[str, str]:
    """Each file name that a constant of the program gives, such as KEYS_FILE, and where it stands."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                text = node.value.value
                if (
                    text.startswith("temphub")
                    and "." in text
                    and "/" not in text
                    and not text.startswith("temphub_kernel")
                ):
                    found[text] = str(path.relative_to(ROOT))
    assert len(found) > 8, found
    return found


@pytest.mark.parametrize("name", sorted(named()))
def test_each_file_that_the_program_names_is_left_out_of_git(name: str) -> None:
    """Whatever a hub writes under a name of its own, its rotated and half-written copies too, git does not
    offer for a commit."""
    assert ignored(name), named()[name]
    assert ignored(f"{name}.1") or name == "temphub.service", name


@pytest.mark.parametrize(
    "name",
    [
        "temphub.sqlite3-wal",
        "temphub.sqlite3.damaged-20261123-135400",
        "temperature_log.csv",
        "archive/2026-08.parquet",
        "temphub-2026-11-23-1354.xlsx",
        "demo-data/temphub.sqlite3",
    ],
)
def test_readings_are_left_out_of_git(name: str) -> None:
    """The journal in all its states, the log, closed months and exports are nobody's commit."""
    assert ignored(name)


def test_nothing_of_the_project_is_left_out() -> None:
    """The other way round: no file that belongs to the project is hidden by these rules."""
    listed = subprocess.run(
        ["git", "ls-files", "-ci", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert listed.stdout == ""


def test_a_hub_that_has_done_everything_leaves_the_checkout_clean(tmp_path: Path, free_port: int) -> None:
    """After readings, a login, changes and Ctrl-C in a folder with our rules git has nothing to add."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    hub = TempHub(folder, free_port, SERVER_TOKEN="token-of-a-test", UI_PASSWORD="password-of-a-test").ready()
    try:
        assert hub.ask(
            "POST", "/api/ingest?token=token-of-a-test", {"probe_id": "Fridge", "temperature_c": 4.5}
        )[1] == {"ok": True}
        assert (
            hub.ask(
                "POST", "/api/annotate?token=token-of-a-test", {"from_ms": 1795438440000, "text": "door"}
            )[0]
            == 200
        )
    finally:
        assert hub.stop() == 0
    assert len(list(folder.iterdir())) > 5
    told = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=folder, check=True, capture_output=True, text=True
    )
    assert told.stdout.split() == ["??", ".gitignore"]
