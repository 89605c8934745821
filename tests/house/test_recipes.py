"""docs/developing/add-*.md: whoever does what a recipe says, and nothing else, has what it promises."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.ports import free_port
from support.recipe import DOCS, ROOT, blocks_of, copy_of_the_tree, environment, follow, run
from support.waiting import PATIENCE_S, cannot, wait_for

RECIPES = sorted(DOCS.glob("add-*.md"))
HUB = "import sys, temphub_kernel as th; th.start(); sys.stdin.read(); th.stop()"
# A panel, as a browser gets it before any script has run.
PAGE = """
import sys
from pathlib import Path
import temphub_kernel
from temphub_kernel.page import build
from support.filled import fill
from temphub_kernel.core.clock import now_ms

assert Path(temphub_kernel.__file__).is_relative_to(Path.cwd())
folder = Path(sys.argv[1])
fill(folder, {"Cellar": [(now_ms() - 1000, 7.5)], "Roof": [(now_ms() - 1000, 31.0)]})
page = build(folder / "temphub.sqlite3")
print(page.still())
page.stop()
"""


class Hub:
    """A hub out of the copy, in a process of its own."""

    def __init__(self, tree: Path, data_dir: Path, **settings: str) -> None:
        self.port = free_port()
        data_dir.mkdir(exist_ok=True)
        place = {
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "INTERFACES": "127.0.0.1",
        }
        pipes: dict[str, Any] = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
        }
        env = environment(tree, KEEP_AWAKE="off", **place, **settings)
        self.process = subprocess.Popen([sys.executable, "-c", HUB], cwd=tree, env=env, **pipes)
        wait_for(lambda: self.process.poll() is not None or self._answers(), 60)
        assert self.process.poll() is None, self.process.communicate()[0].decode()

    def ask(self, path: str, body: Any = None) -> Any:
        """The JSON of an answer."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            line.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body))
            return json.loads(line.getresponse().read())
        finally:
            line.close()

    def _answers(self) -> bool:
        try:
            return bool(self.ask("/api/health")["ok"])
        except OSError:
            return False

    def stop(self, number: int | None = None) -> None:
        """Its end: an orderly one, or a kill."""
        if number is not None and self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=30)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """Starts hubs on one data folder; stopped at the end."""
    started: list[Hub] = []

    def begin(tree: Path, **settings: str) -> Hub:
        started.append(Hub(tree, tmp_path / "data", **settings))
        return started[-1]

    yield begin
    for hub in started:
        if hub.process.poll() is None:
            hub.stop()


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """A copy of the tree to which these recipes were done."""

    def made(*names: str) -> Path:
        folder = copy_of_the_tree(tmp_path / "tree")
        for name in names:
            follow(DOCS / f"add-{name}.md", folder)
        return folder

    return made


def test_an_endpoint_is_added_by_its_recipe(tree, start):
    """It answers on a hub that runs, and stands in the contract that the hub hands out."""
    hub = start(tree("an-endpoint"))
    assert hub.ask("/api/span") == {"ok": True, "readings": 0, "from": None, "to": None}
    assert hub.ask("/api/ingest", {"temperature_c": 20.5}) == {"ok": True}
    told = hub.ask("/api/span")
    assert told["readings"] == 1 and told["from"] == told["to"] is not None
    assert hub.ask("/api/openapi.json")["paths"]["/api/span"]["get"]["operationId"] == "span"


def test_a_setting_is_added_by_its_recipe(tree, start, tmp_path):
    """A wrong value stops `temphub` with the setting, the value met and what is allowed; a right one has its
    effect."""
    made = tree("a-setting")
    done = run(
        made,
        "-m",
        "temphub_kernel",
        "--no-browser",
        CONTACT="x" * 41,
        DATA_DIR=str(tmp_path),
        PORT=str(free_port()),
    )
    said = done.stdout + done.stderr
    assert (
        done.returncode != 0
        and "The setting CONTACT is 'xxx" in said
        and "Set CONTACT to a text of at most 40" in said
    ), said
    assert start(made, CONTACT="Cold store 2").ask("/api/health")["contact"] == "Cold store 2"


def test_a_follower_is_added_by_its_recipe(tree, start, tmp_path):
    """It takes in every reading once: over an orderly restart, and over a hub that was killed."""
    made, file = tree("a-follower"), tmp_path / "data" / "tally.json"

    def counted() -> int:
        return json.loads(file.read_text())["readings"].get("Cellar", 0) if file.exists() else 0

    for total, end in ((3, None), (6, signal.SIGKILL), (9, None)):
        hub = start(made)
        for celsius in range(3):
            hub.ask("/api/ingest", {"temperature_c": celsius, "probe_id": "Cellar"})
        wait_for(lambda wanted=total: counted() >= wanted, 20)
        hub.stop(end)
        assert counted() == total


def test_a_panel_is_added_by_its_recipe(tree, tmp_path):
    """It is on the page that a browser gets, with what the journal holds."""
    (tmp_path / "data").mkdir()
    done = run(tree("a-panel"), "-c", PAGE, str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    panel = done.stdout.partition("th-extremes-panel")[2]
    assert "Warmest Roof 31.00 °C, coldest Cellar 7.50 °C" in panel.partition("th-panel")[0], done.stdout[
        -3000:
    ]


def test_a_sensor_is_added_by_its_recipe(tree, start_here, tmp_path):
    """The probe's program reads it, on MicroPython, and what it says arrives at a hub that knows nothing of
    it."""
    micropython = next((path for path in map(Path, _places("micropython")) if path.is_file()), None)
    if micropython is None:
        cannot("micropython is not installed")
    hub, made = start_here(), tree("a-sensor")
    program = ROOT / "tests" / "support" / "sensor_probe.py"
    command = [
        str(micropython),
        str(program),
        str(made / "firmware"),
        "--id=Rig",
        f"--state={tmp_path / 'probe'}",
        f"--hub={hub.url}",
    ]
    with (tmp_path / "probe.log").open("w+") as log:
        probe = subprocess.Popen([*command, "--interval-ms=500"], stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(lambda: probe.poll() is not None or hub.writer.last_no >= 2, 30)
        finally:
            probe.kill()
            probe.wait(PATIENCE_S)
        log.seek(0)
        assert hub.writer.last_no >= 2, log.read()
    line = http.client.HTTPConnection("127.0.0.1", hub.settings.port, timeout=PATIENCE_S)
    line.request("GET", "/api/readings?probe_id=Rig")
    readings = json.loads(line.getresponse().read())["readings"]
    line.close()
    assert {row["temperature_c"] for row in readings} == {21.5}


def _places(program: str) -> list[str]:
    return [
        os.path.join(folder, program)
        for folder in [os.path.dirname(sys.executable), *os.environ.get("PATH", "").split(os.pathsep)]
    ]


CODE = ("temphub_kernel", "firmware", "tests")


def test_the_house_stands_with_all_that_was_added(tree):
    """After all recipes the rules of the house hold."""
    assert len(RECIPES) == 6
    made = tree(*(path.stem.removeprefix("add-") for path in RECIPES))
    rules = [
        "tests/house/test_structure.py",
        "-k",
        "not test_every_test",
        "tests/house/test_readme.py::test_the_table_of_settings_is_complete",
    ]
    # Without what guards every test: these only read files, and the guards would cost more than they do.
    for command in (
        ["pytest", "-q", "-x", "--noconftest", *rules],
        ["ruff", "format", "--check", *CODE],
        # The order of imports aside, which `ruff check --fix` makes: a new neighbour in the list is no rot.
        ["ruff", "check", "--no-cache", "--ignore=I001", *CODE],
    ):
        done = run(made, "-m", *command)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def test_the_tests_that_recipes_bring_pass(tree):
    """After all recipes their own tests pass, and so do those of what they touched."""
    made = tree(*(path.stem.removeprefix("add-") for path in RECIPES))
    brought = [
        block.path
        for path in RECIPES
        for block in blocks_of(path)
        if block.path.startswith("tests/") and not block.where
    ]
    assert len(brought) == 5
    touched = [
        "tests/install/test_start_bat.py::test_every_setting_can_be_set_at_its_top",
        "tests/core/test_core_settings.py::test_every_setting_has_wrong_values",
        "tests/api/test_contract.py::test_routes_and_contract_name_the_same_paths",
    ]
    done = run(made, "-m", "pytest", "-q", "-x", *touched, *brought)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def test_a_recipe_that_rots_is_told_by_its_line(tmp_path):
    """A line that is not there any more, or a file that is there already, fails with the place in the
    recipe."""
    (tmp_path / "code.py").write_text("a = 1\nb = 2\n")
    recipe = tmp_path / "add-it.md"
    recipe.write_text("# It\n\nIn `code.py`, below the line `a = 1`:\n\n```python\nc = 3\n```\n")
    follow(recipe, tmp_path)
    assert (tmp_path / "code.py").read_text() == "a = 1\nc = 3\nb = 2\n"
    wrong = (
        "In `code.py`, above the line `a = 2`:",
        "In `none.py`, above the line `a`:",
        "New file `code.py`:",
        "Somewhere:",
    )
    for order in wrong:
        recipe.write_text(f"# It\n\n{order}\n\n```python\nc = 3\n```\n")
        with pytest.raises(AssertionError, match=r"add-it\.md:3: "):
            follow(recipe, tmp_path)
