"""Start.bat really run, by Wine's `cmd`, with stand-ins for the Pythons of a Windows."""

import getpass
import re
import shutil
from pathlib import Path

import pytest

from install.tiny import CHECKOUT
from install.wine import Wine, windows

NONE_FOUND = "Problem: No 64-bit Python 3.11 to 3.14 was found on this computer"


class Desk:
    """A folder with Start.bat on a computer with the Pythons that a test puts there."""

    def __init__(self, wine: Wine, base: Path) -> None:
        self.wine = wine
        self.base = base
        self.notes = base / "notes.txt"
        self.folder = base / "Größe (1) & so"
        (self.folder / "temphub_kernel").mkdir(parents=True)
        (self.folder / "temphub_kernel" / "bootstrap.py").write_text("")
        shutil.copy(CHECKOUT / "Start.bat", self.folder)
        shutil.copy(CHECKOUT / "temphub_kernel" / "get-python.ps1", self.folder / "temphub_kernel")
        self.path: list[Path] = []

    def add(
        self, place: str, check: int = 0, run: int = 0, on_path: bool = True, fits: str = "", also: str = ""
    ) -> None:
        """Put a stand-in at a place; `check` is 9 for one that does not fit, 9009 for the Store's
        placeholder, 103 for a broken one.

        fits: the one version of which a launcher says yes all the same; also: a command that it runs in the
        end.
        """
        exe = self.base / place
        self.wine.python(
            exe,
            self.notes,
            name=place.removeprefix(f"{self.folder.name}/"),
            check=check,
            run=run,
            fits=fits,
            also=also,
        )
        self.path += [exe.parent] if on_path else []

    def fetches(self, code: int, *, installs: bool = False) -> None:
        """Put a stand-in PowerShell in PATH, which ends with a code and perhaps installs a Python."""
        prepared = self.base / "prepared" / "python.exe"
        self.wine.python(prepared, self.notes, name="fetched")
        exe = self.base / "powershell" / "powershell.exe"
        self.wine.powershell(exe, self.notes, code=code, python=prepared if installs else None)
        self.path.append(exe.parent)

    def start(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """Double-click: (exit code, what the window shows)."""
        path = ";".join([*map(windows, self.path), "C:\\windows"])
        done = self.wine.cmd(self.folder, [".\\Start.bat", *arguments], WINEPATH=path, **environ)
        return done.returncode, done.stdout

    @property
    def noted(self) -> list[str]:
        """Who was asked for its version, and who ran what."""
        return (
            self.notes.read_text(encoding="utf-8", errors="replace").splitlines()
            if self.notes.exists()
            else []
        )

    @property
    def ran(self) -> list[str]:
        """The stand-ins that were handed the start."""
        return [line.split(" ran ")[0] for line in self.noted if " ran " in line]


@pytest.fixture
def desk(wine: Wine, tmp_path: Path) -> Desk:
    """A computer without any Python."""
    return Desk(wine, tmp_path)


def test_without_a_python_it_says_where_to_get_one_and_waits(desk: Desk) -> None:
    """On a bare Windows: the problem, what to install and which box to tick, a pause, exit code 1."""
    code, shown = desk.start()
    assert code == 1
    assert (
        NONE_FOUND in shown
        and "What to do: Install Python 3.12 from python.org" in shown
        and "Add python.exe to PATH" in shown
    )
    assert "Press any key" in shown


def test_without_a_python_one_is_fetched_and_used(desk: Desk) -> None:
    """On a bare Windows with the internet: Python is fetched and installed for the user, and the hub starts
    in the same window."""
    desk.fetches(0, installs=True)
    try:
        code, shown = desk.start("--no-browser")
    finally:
        shutil.rmtree(desk.wine.installed(), ignore_errors=True)
    assert code == 0 and desk.ran == ["powershell", "fetched"], shown
    assert "fetched from python.org" in shown and "needs no administrator" in shown and "Problem" not in shown
    assert "get-python.ps1" in desk.noted[0] and "--no-browser" in desk.noted[-1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (2, "Connect this computer to the internet"),
        (3, "does not carry the signature"),
        (4, "did not finish"),
        (0, NONE_FOUND),
    ],
)
def test_a_python_that_cannot_be_fetched_is_told(desk: Desk, answer: int, said: str) -> None:
    """No internet, a wrong signature, an installer that breaks off, one that says yes and did nothing: words,
    remedy, pause."""
    desk.fetches(answer)
    code, shown = desk.start()
    assert (
        code == 1
        and said in shown
        and NONE_FOUND in shown
        and "What to do: Install Python 3.12 from python.org" in shown
    )
    assert "Press any key" in shown


def test_fetching_can_be_switched_off(desk: Desk) -> None:
    """Whoever does not want a Python fetched says so at the top."""
    desk.fetches(0, installs=True)
    code, shown = desk.start(TEMPHUB_NO_FETCH="1")
    assert code == 1 and NONE_FOUND in shown and not desk.noted


def test_with_a_good_python_nothing_is_fetched(desk: Desk) -> None:
    """The internet is left alone where a Python is there."""
    desk.fetches(0, installs=True)
    desk.add("one/python.exe")
    assert desk.start()[0] == 0 and desk.ran == ["one/python.exe"]


def test_scripts_can_do_without_the_pause(desk: Desk) -> None:
    """With TEMPHUB_NO_PAUSE the same words come, and nothing waits for a key."""
    code, shown = desk.start(TEMPHUB_NO_PAUSE="1")
    assert code == 1 and NONE_FOUND in shown and "Press any key" not in shown


def test_an_old_python_alone_is_named(desk: Desk) -> None:
    """When there is only an older Python the message says which one."""
    desk.add("old/python.exe", check=9)
    code, shown = desk.start()
    assert code == 1 and "only one that does not fit" in shown and "old\\python.exe" in shown and not desk.ran


def test_a_good_python_behind_an_old_one_is_found_and_gets_the_arguments(desk: Desk) -> None:
    """An old Python first in PATH hides nothing; arguments, folder and exit code 0 go through, with nothing
    to press."""
    desk.add("old/python.exe", check=9)
    desk.add("Programs (x86)/python.exe")
    code, shown = desk.start("demo", "--probes", "3")
    assert code == 0 and "Press any key" not in shown and "Problem" not in shown
    assert desk.ran == ["Programs (x86)/python.exe"]
    assert "temphub_kernel\\bootstrap.py demo --probes 3" in desk.noted[-1] and "(1) & so" in desk.noted[-1]


def test_python3_alone_is_enough(desk: Desk) -> None:
    """A Python that is only called python3 is found."""
    desk.add("three/python3.exe")
    assert desk.start()[0] == 0 and desk.ran == ["three/python3.exe"]


def test_the_launcher_of_python_org_is_asked_before_path(desk: Desk) -> None:
    """The launcher knows every Python that is installed, also one that is not in PATH."""
    desk.add("one/python.exe")
    desk.add("launcher/py.exe")
    assert desk.start()[0] == 0 and desk.ran == ["launcher/py.exe"]
    assert "-3.12 temphub_kernel\\bootstrap.py" in desk.noted[-1]


def test_a_launcher_without_a_new_python_is_passed_over(desk: Desk) -> None:
    """A launcher that knows only old Pythons does not end the search."""
    desk.add("launcher/py.exe", check=9)
    desk.add("one/python.exe")
    assert desk.start()[0] == 0 and desk.ran == ["one/python.exe"]


def test_the_store_placeholder_is_never_run(desk: Desk) -> None:
    """The Store's `python.exe`, which is no Python, is not even asked: no Store opens; a real Python behind
    it is used."""
    desk.add("Microsoft/WindowsApps/python.exe", check=9009)
    desk.add("Microsoft/WindowsApps/python3.exe", check=9009)
    code, shown = desk.start()
    assert code == 1 and NONE_FOUND in shown and not desk.noted
    desk.add("real/python.exe")
    assert desk.start()[0] == 0 and desk.ran == ["real/python.exe"]


def test_a_real_python_from_the_store_is_used(desk: Desk) -> None:
    """Where a Python from the Store is installed, its `python.exe` in WindowsApps is the real thing."""
    apps = desk.wine.drive_c / "users" / getpass.getuser() / "AppData" / "Local" / "Microsoft" / "WindowsApps"
    installed = apps / "PythonSoftwareFoundation.Python.3.12_qbz5n2kfra8p0"
    installed.mkdir(parents=True)
    try:
        desk.add("Microsoft/WindowsApps/python.exe")
        assert desk.start()[0] == 0 and desk.ran == ["Microsoft/WindowsApps/python.exe"]
    finally:
        installed.rmdir()


def test_its_own_environment_comes_first(desk: Desk) -> None:
    """Once installed, nothing else is looked for."""
    desk.add("one/python.exe")
    desk.add(f"{desk.folder.name}/.venv/Scripts/python.exe", on_path=False)
    assert desk.start()[0] == 0 and len(desk.noted) == 2 and ".venv" in desk.ran[0]


def test_a_broken_environment_does_not_stop_the_start(desk: Desk) -> None:
    """An environment whose Python was removed from the computer is passed over."""
    desk.add("one/python.exe")
    desk.add(f"{desk.folder.name}/.venv/Scripts/python.exe", on_path=False, check=103)
    assert desk.start()[0] == 0 and desk.ran == ["one/python.exe"]


def test_a_half_made_environment_is_handed_to_another_python(desk: Desk) -> None:
    """After a failed installation a Python outside `.venv` makes it anew; the one inside cannot replace
    itself."""
    desk.add(f"{desk.folder.name}/.venv/Scripts/python.exe", run=75)
    desk.add("one/python.exe")
    assert desk.start()[0] == 0 and ".venv" in desk.ran[0] and desk.ran[1:] == ["one/python.exe"]


def test_an_activated_conda_environment_is_used(desk: Desk) -> None:
    """In a window with an activated conda environment its Python is taken."""
    desk.add("one/python.exe")
    desk.add("miniconda3/envs/temphub/python.exe", on_path=False)
    assert desk.start(CONDA_PREFIX=windows(desk.base / "miniconda3" / "envs" / "temphub"))[0] == 0
    assert desk.ran == ["miniconda3/envs/temphub/python.exe"]


def test_a_problem_of_the_hub_keeps_the_window_open(desk: Desk) -> None:
    """A failed start is said, with the log to send, and its exit code is kept."""
    desk.add("one/python.exe", run=3)
    (desk.folder / "start.log").write_text("")
    code, shown = desk.start()
    assert code == 3
    assert (
        "TempHub has stopped with a problem (code 3)" in shown
        and "start.log" in shown
        and "Press any key" in shown
    )


def test_a_setting_at_its_top_reaches_the_hub(desk: Desk) -> None:
    """Taking `rem` away and changing the value is all it needs."""
    desk.add("one/python.exe")
    batch = desk.folder / "Start.bat"
    batch.write_bytes(batch.read_bytes().replace(b'rem set "PORT=8088"', b'set "PORT=8090"'))
    assert desk.start()[0] == 0 and "PORT=8090" in desk.noted[-1]


@pytest.mark.parametrize(
    "value", ["http://ha/read?a=1&b=2", "p&echo hello", "a^b|c<d>e", "(1) of 2", "50%% off", "it's; x, y=z"]
)
def test_a_setting_with_signs_of_cmd_reaches_the_hub_whole(desk: Desk, value: str) -> None:
    """An & in a web address or password neither cuts the value off nor runs what follows."""
    desk.add("one/python.exe")
    batch = desk.folder / "Start.bat"
    batch.write_bytes(
        batch.read_bytes().replace(b'rem set "WEBHOOK_URL="', f'set "WEBHOOK_URL={value}"'.encode())
    )
    code, shown = desk.start()
    assert code == 0 and "hello" not in shown
    # Whether its own python saw it: asked of the process that was handed the start, letter by letter.
    assert f"WEBHOOK_URL=[{value.replace('%%', '%')}]" in desk.noted[-1]


@pytest.mark.parametrize("run", [0, 3])
def test_the_window_gets_its_code_page_back(desk: Desk, run: int) -> None:
    """In an open window with code page 850 the hub runs under it, and so does what is typed afterwards, after
    a good end and a bad one."""
    desk.add("one/python.exe", run=run, also="chcp")
    (desk.folder / "around.bat").write_bytes(b"@chcp 850 >nul\r\n@call Start.bat\r\n@chcp\r\n")
    path = ";".join([*map(windows, desk.path), "C:\\windows"])
    shown = desk.wine.window(desk.folder, ["around.bat"], WINEPATH=path, TEMPHUB_NO_PAUSE="1")
    assert re.findall(r"code page: (\d+)", shown) == ["850", "850"], shown


def test_a_python_that_is_too_new_is_passed_over(desk: Desk) -> None:
    """The launcher is asked for each version that fits, never for the newest, which the packages may not know
    yet."""
    desk.add("launcher/py.exe", check=9, fits="3.13")
    assert desk.start()[0] == 0 and desk.ran == ["launcher/py.exe"]
    assert "-3.13 temphub_kernel\\bootstrap.py" in desk.noted[-1]


def test_which_pythons_fit(desk: Desk) -> None:
    """What Start.bat asks each Python is answered yes by a 64-bit 3.11 to 3.14 alone."""
    (question,) = re.findall(
        r'^set "FITS=(.*)"\r$', (desk.folder / "Start.bat").read_bytes().decode("ascii"), re.MULTILINE
    )

    class Asked:
        def __init__(self, version: tuple[int, ...], maxsize: int) -> None:
            self.version_info, self.maxsize = version, maxsize

        def exit(self, code: int) -> None:
            self.answer = code

    def fits(*version: int, bits: int = 64) -> bool:
        asked = Asked(version, 2 ** (bits - 1) - 1)
        exec(
            question.removeprefix("import sys; "), {"sys": asked}
        )  # the words that Windows' Python is handed
        return asked.answer == 0

    assert [minor for minor in range(17) if fits(3, minor, 2)] == [11, 12, 13, 14]
    assert not fits(3, 12, 2, bits=32) and not fits(2, 7, 18) and not fits(4, 0, 0)


def test_alone_it_says_that_the_zip_must_be_unpacked(desk: Desk) -> None:
    """Double-clicked inside the zip file, where nothing else is, it says what to do instead of failing."""
    shutil.rmtree(desk.folder / "temphub_kernel")
    code, shown = desk.start()
    assert code == 1 and "What to do: unpack the whole zip file" in shown and "Press any key" in shown


def test_it_works_from_another_folder(desk: Desk) -> None:
    """Called from anywhere, it runs in its own folder."""
    desk.add("one/python.exe")
    (desk.base / "spaced folder").mkdir()
    shutil.copytree(desk.folder, desk.base / "spaced folder" / "Temp & Hub (2)")
    (desk.base / "spaced folder" / "desktop.bat").write_bytes(
        b'@call "%~dp0Temp & Hub (2)\\Start.bat" --no-browser\r\n'
    )
    done = desk.wine.cmd(desk.base / "spaced folder", ["desktop.bat"], WINEPATH=windows(desk.path[0]))
    assert done.returncode == 0 and "--no-browser" in desk.noted[-1] and "Temp & Hub (2)" in desk.noted[-1]
