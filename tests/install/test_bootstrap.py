"""From a checkout to a running hub: really run, with real environments and the real pip, without a
network."""

import ast
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from install.tiny import CHECKOUT, Tiny, end, hub, write_wheel
from support.waiting import cannot
from temphub_kernel import bootstrap


def test_it_installs_once_even_when_clicked_twice_and_follows_new_requirements(tiny: Tiny) -> None:
    """Two impatient double-clicks install once and both start; later starts install nothing; new requirements
    are added in place."""
    first, second = tiny.begin("demo", "--probes", "3"), tiny.begin()
    answers = [end(first), end(second)]
    assert [code for code, _ in answers] == [0, 0]
    assert hub(answers[0][1])["arguments"] == ["demo", "--probes", "3"]
    assert {hub(shown)["prefix"] for _, shown in answers} == {str(tiny.venv)}
    assert sum("Installed." in shown for _, shown in answers) == 1
    assert any("Another window is preparing" in shown for _, shown in answers)

    code, shown = tiny.start(HUB_EXIT="7")
    assert code == 7, "the hub's exit code is handed on"
    assert len(shown.strip().splitlines()) == 1, "nothing but the hub is heard"
    assert tiny.log.count("Successfully installed") == 1

    (tiny.venv / "added by the user").write_text("")
    tiny.needs("sensors>=2")
    code, shown = tiny.start()
    assert (code, hub(shown)["packages"]) == (0, ["sensors"])
    assert "bringing it up to date" in shown
    assert (tiny.venv / "added by the user").exists(), "what the user added stays"


def test_a_failed_installation_ends_in_words_and_the_next_one_begins_clean(
    tiny: Tiny, free_port: int
) -> None:
    """Without the internet: problem, remedy, log and exit code 1, never a hub; with it the next start just
    works."""
    tiny.needs("sensors>=2")
    nothing_there = {
        "PIP_NO_INDEX": "0",
        "PIP_FIND_LINKS": "",
        "PIP_INDEX_URL": f"http://127.0.0.1:{free_port}/simple",
        "PIP_RETRIES": "1",
    }
    code, shown = tiny.start(**nothing_there)
    assert code == 1
    assert "Problem: The packages could not be fetched: the internet did not answer." in shown
    assert "What to do: Connect this computer" in shown
    assert f"Log: {tiny.root / 'start.log'}" in shown
    assert "arguments" not in shown and "Traceback" not in shown
    assert "Retrying" in tiny.log

    (tiny.venv / "left by the failure").write_text("")
    # Begun from the half-made environment, whose Python has to make way for the one it was made with.
    code, shown = tiny.start(python=str(tiny.venv / "bin" / "python"))
    assert (code, hub(shown)["packages"]) == (0, ["sensors"])
    assert not (tiny.venv / "left by the failure").exists()


def test_an_installation_that_was_killed_is_done_again(tiny: Tiny) -> None:
    """Switching the computer off in the middle of an installation costs nothing but doing it again."""
    process = tiny.begin()
    while not (tiny.venv / "bin").exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    code, shown = tiny.start()
    assert (code, hub(shown)["prefix"]) == (0, str(tiny.venv))


def test_a_read_only_folder_keeps_its_files_with_the_user(tiny: Tiny) -> None:
    """From a folder that cannot be written to, the environment, the log and the readings go to the user's own
    folder."""
    read_only = (
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && exec "$@"',
        "sh",
    )
    if (
        os.geteuid()
        or not shutil.which("unshare")
        or subprocess.run([*read_only, "true"], cwd=tiny.root, check=False).returncode
    ):
        cannot("a read-only folder needs root and mount namespaces here")
    code, shown = tiny.start(before=read_only)
    home = tiny.home / "TempHub"
    assert code == 0, shown
    assert f"TempHub keeps its files in {home}" in shown
    assert hub(shown)["data_dir"] == str(home)
    assert hub(shown)["prefix"] == str(home / "venv")
    assert (home / "start.log").exists() and not tiny.venv.exists()


def test_in_a_cloud_folder_the_environment_is_kept_outside(tiny: Tiny) -> None:
    """OneDrive, private or of a company, would upload a hundred megabytes of packages: they go to the user's
    own folder."""
    code, shown = tiny.start(ONEDRIVECOMMERCIAL=str(tiny.root.parent))
    assert (code, hub(shown)["prefix"]) == (0, str(tiny.home / "TempHub" / "venv")), shown
    assert not tiny.venv.exists() and (tiny.root / "start.log").exists()


def uv_before(tiny: Tiny) -> str:
    """PATH with a real uv in front."""
    found = shutil.which("uv") or shutil.which("uv", path=os.path.dirname(sys.executable))
    if found is None:
        cannot("uv is not installed (pip install uv)")
    tools = tiny.home / "tools"
    tools.mkdir()
    (tools / "uv").symlink_to(found)
    return f"{tools}{os.pathsep}{tiny.environ()['PATH']}"


def test_a_uv_that_is_there_is_used(tiny: Tiny) -> None:
    """Who has uv waits a tenth of the time; the environment has pip all the same."""
    tiny.needs("sensors>=2")
    write_wheel(tiny.wheels, "pip", "99.0", {"pip/__init__.py": ""})
    settings = {
        "PATH": uv_before(tiny),
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(tiny.wheels),
        "UV_CACHE_DIR": str(tiny.home / "uv"),
    }
    code, shown = tiny.start(**settings)
    assert (code, hub(shown)["packages"], hub(shown)["prefix"]) == (0, ["sensors"], str(tiny.venv)), shown
    assert (tiny.venv / "lib" / f"python3.{sys.version_info[1]}" / "site-packages" / "pip").is_dir()
    assert "Successfully installed" not in tiny.log, "pip had nothing to do"


def test_without_a_uv_pip_fetches_one_and_leaves_the_rest_to_it(tiny: Tiny) -> None:
    """Who has only Python waits a few seconds, not a minute; the next upgrade uses the same uv."""
    tiny.needs("sensors>=2")
    real = (
        shutil.which("uv", path=os.path.dirname(sys.executable))
        or shutil.which("uv")
        or cannot("uv is not installed (pip install uv)")
    )
    # As the real wheel puts it into the environment, without its 40 MB.
    shim = f"import os, sys\ndef main():\n    os.execv({real!r}, [{real!r}, *sys.argv[1:]])\n"
    write_wheel(
        tiny.wheels,
        "uv",
        "0.9",
        {"uvshim.py": shim, "uv-0.9.dist-info/entry_points.txt": "[console_scripts]\nuv = uvshim:main\n"},
    )
    write_wheel(tiny.wheels, "pip", "99.0", {"pip/__init__.py": ""})
    settings = {
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(tiny.wheels),
        "UV_CACHE_DIR": str(tiny.home / "uv"),
    }
    code, shown = tiny.start(**settings)
    assert (code, hub(shown)["packages"], hub(shown)["prefix"]) == (0, ["sensors"], str(tiny.venv)), shown
    assert tiny.log.count("Successfully installed") == 1 and "Successfully installed uv-0.9" in tiny.log
    tiny.needs("sensors>=2.0")
    code, shown = tiny.start(**settings)
    assert code == 0 and "bringing it up to date" in shown and tiny.log.count("Successfully installed") == 1


def test_a_uv_that_fails_is_followed_by_pip(tiny: Tiny, free_port: int) -> None:
    """uv knows nothing of pip's settings for proxies and mirrors: where it fails pip does the work, and
    nothing is told of it."""
    tiny.needs("sensors>=2")
    nowhere = f"http://127.0.0.1:{free_port}/simple"
    code, shown = tiny.start(
        PATH=uv_before(tiny), UV_INDEX_URL=nowhere, UV_HTTP_TIMEOUT="1", UV_CACHE_DIR=str(tiny.home / "uv")
    )
    assert (code, hub(shown)["packages"]) == (0, ["sensors"]), shown
    assert "Problem" not in shown and "Successfully installed" in tiny.log


def test_an_environment_made_by_somebody_else_is_left_alone(tiny: Tiny) -> None:
    """A `.venv` that TempHub did not make is never deleted; the start says so and what to do."""
    tiny.venv.mkdir()
    (tiny.venv / "work of a week").write_text("precious")
    code, shown = tiny.start()
    assert code == 1
    assert "did not make the environment" in shown and "What to do: Rename that folder" in shown
    assert (tiny.venv / "work of a week").read_text() == "precious"


def test_an_activated_conda_environment_with_all_packages_is_used_as_it_is(tiny: Tiny) -> None:
    """With conda, and every requirement there, nothing is installed anywhere."""
    tiny.needs("pytest>=8", "psutil")
    code, shown = tiny.start(CONDA_PREFIX=sys.prefix)
    assert (code, hub(shown)["prefix"]) == (0, sys.prefix)
    assert not tiny.venv.exists()


def test_an_activated_conda_environment_that_lacks_something_is_not_changed(tiny: Tiny) -> None:
    """A conda environment without the right packages gets words on how to add them, and TempHub goes its own
    way."""
    tiny.needs("pytest>=999")
    tiny.venv.mkdir()  # somebody's, so that the start ends before it installs
    code, shown = tiny.start(CONDA_PREFIX=sys.prefix)
    assert code == 1
    assert "The conda environment lacks packages" in shown and "conda env update -f environment.yml" in shown


def test_an_old_python_is_told_in_words() -> None:
    """With a Python that is too old the user reads which one it is, what is needed, and where to get it."""
    with pytest.raises(bootstrap.Stop) as caught:
        bootstrap.check_python((3, 8))
    problem, remedy = caught.value.args
    assert "This is Python 3.8" in problem and "3.11 or newer" in problem
    assert remedy.startswith("Install a newer Python from python.org")
    bootstrap.check_python((3, 11))


def test_an_old_python_can_read_the_file_at_all() -> None:
    """The file keeps to the syntax of Python 3.8, and says nothing that a console's code page could not
    show."""
    source = (CHECKOUT / "temphub_kernel" / "bootstrap.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    assert source.isascii()


PRINTED = {
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on "
    "device": "The disk is full",
    "[WinError 112] There is not enough space on the disk": "The disk is full",
    "HINT: This error might have occurred since this system does not have Windows Long Path support "
    "enabled.": "The path of this folder",
    "[WinError 206] The filename or extension is too long: "
    "'C:\\\\Users'": "The path of this folder is too long",
    "PermissionError: [WinError 5] Zugriff verweigert: "
    "'.venv\\\\Scripts\\\\python.exe'": "A file could not be written",
    "PermissionError: [WinError 32] Der Prozess kann nicht auf die Datei "
    "zugreifen": "A file could not be written",
    "[Errno 13] Permission denied: '/opt/x'": "A file could not be written",
    "The virtual environment was not created successfully because ensurepip is "
    "not\navailable.": "without its 'venv'",
    "/usr/bin/python3: No module named venv": "without its 'venv'",
    "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed "
    "certificate": "secure connection",
    "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by "
    "'NewConnectionError(": "the internet did not answer",
    "socket.gaierror: [Errno 11001] getaddrinfo failed": "the internet did not answer",
    "ERROR: No matching distribution found for numpy>=2": "not offered for this Python",
    "error: Microsoft Visual C++ 14.0 or greater is required.": "not offered for this Python",
    "Segmentation fault": "a reason that only the log tells",
}


@pytest.mark.parametrize("printed", PRINTED)
def test_what_pip_and_windows_print_is_told_in_words(printed: str) -> None:
    """Disk full, long path, virus scanner, missing venv, no internet, wrong Python: each has its own problem
    and remedy."""
    problem, remedy = bootstrap.explain(f"Collecting x\n{printed}\n")
    assert PRINTED[printed] in problem
    assert remedy.split()[0] in {"Free", "Move", "Close", "Install", "Check", "Connect", "Start"}


def test_a_32_bit_python_on_windows_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 32-bit Python, for which the packages are not offered, is refused before anything is fetched;
    elsewhere it may be what there is."""
    monkeypatch.setattr(bootstrap.sys, "maxsize", 2**31 - 1)
    bootstrap.check_python((3, 12))
    monkeypatch.setattr(bootstrap, "WINDOWS", True)
    with pytest.raises(bootstrap.Stop) as caught:
        bootstrap.check_python((3, 12))
    assert "32-bit" in caught.value.args[0] and "64-bit Python 3.12" in caught.value.args[1]
