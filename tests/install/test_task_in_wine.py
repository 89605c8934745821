"""The task for the start at logon, given to a Task Scheduler that is not ours: Wine's."""

from pathlib import Path

from install.wine import Wine, windows
from temphub_kernel.service.plan import Plan
from temphub_kernel.service.windows import xml

COMMAND = (
    "C:\\Größe & so\\python.exe",
    "-m",
    "temphub_kernel",
    "service",
    "run",
    "--settings",
    "C:\\Meß daten\\temphub.service.json",
)


def create(wine: Wine, folder: Path, task: bytes) -> int:
    """The exit code of `schtasks` for a task."""
    path = folder / "task.xml"
    path.write_bytes(task)
    return wine.cmd(folder, ["schtasks", "/create", "/tn", "TempHub", "/xml", windows(path), "/f"]).returncode


def test_task_scheduler_takes_the_task(wine: Wine, tmp_path: Path) -> None:
    """The task is read whole by a Task Scheduler, umlauts and ampersands included; half of it is refused, so
    its yes means something."""
    whole = xml(Plan(COMMAND, Path("C:\\Größe & so"), tmp_path), "PC\\Jörg")
    try:
        assert create(wine, tmp_path, whole) == 0
        kept = (wine.drive_c / "windows" / "system32" / "tasks" / "TempHub").read_bytes()
        assert b"<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>" in kept
        assert create(wine, tmp_path, whole[: len(whole) // 4 * 2]) != 0
    finally:
        wine.cmd(tmp_path, ["schtasks", "/delete", "/tn", "TempHub", "/f"])
