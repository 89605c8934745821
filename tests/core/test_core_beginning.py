"""What is said once at the start."""

from pathlib import Path

import pytest

from temphub_kernel.core.settings import ALLOWED, Settings
from temphub_kernel.core.startup import bad_places, doubts, filesystem, misspelt, short_secrets

LIKE = {
    "PORTT": "PORT",
    "PROT": "PORT",
    "SERVERTOKEN": "SERVER_TOKEN",
    "SERVER_TOKN": "SERVER_TOKEN",
    "DATADIR": "DATA_DIR",
    "Csv_File": "CSV_FILE",
    "LOGLEVEL": "LOG_LEVEL",
    "UI_PASWORD": "UI_PASSWORD",
    "TEMPHUB_PORT": "PORT",
    "DEFAULT_INTERVALL": "DEFAULT_INTERVAL_MS",
}
# Of Windows, macOS, Linux, shells, desktops, containers and CI; none of them is a slip of the pen.
ORDINARY = {
    *(
        "PATH",
        "HOME",
        "HOSTNAME",
        "HOSTTYPE",
        "USER",
        "LOGNAME",
        "PWD",
        "OLDPWD",
        "SHELL",
        "TERM",
        "LANG",
        "TEMP",
        "TMP",
        "TMPDIR",
        "POST",
    ),
    *(
        "DISPLAY",
        "EDITOR",
        "MAIL",
        "CI",
        "XDG_DATA_DIRS",
        "XDG_DATA_HOME",
        "APPDATA",
        "LOCALAPPDATA",
        "PROGRAMDATA",
        "PROGRAMFILES",
    ),
    *(
        "SYSTEMROOT",
        "WINDIR",
        "COMSPEC",
        "PATHEXT",
        "OS",
        "SSH_PORT",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "PYTHONPATH",
        "PUBLIC",
    ),
    *(
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "DOCKER_HOST",
        "KUBERNETES_PORT",
        "KUBERNETES_SERVICE_HOST",
        "SERVER_NAME",
        "SERVER_PORT",
    ),
    *(
        "LOGONSERVER",
        "SESSIONNAME",
        "USERDOMAIN",
        "HOMEDRIVE",
        "HOMEPATH",
        "COLORTERM",
        "LS_COLORS",
        "SHLVL",
        "GITHUB_TOKEN",
    ),
    *(
        "TEMPHUB_ROLE",
        "TEMPHUB_PAGE",
        "TEMPHUB_NO_FETCH",
        "TEMPHUB_NO_PAUSE",
        "DATABASE_URL",
        "REDIS_HOST",
        "DB_PORT",
    ),
}


@pytest.mark.parametrize(("name", "meant"), LIKE.items())
def test_a_setting_that_does_not_exist_is_told(name, meant):
    """A slip in a setting's name is told with the name that is meant, and its value, which may be a secret,
    is not shown."""
    (said,) = misspelt({name: "s3cret"})
    assert name in said.problem and meant in said.remedy and "s3cret" not in said.problem + said.remedy
    assert misspelt({name: " "}) == []


def test_ordinary_variables_and_right_settings_are_no_slips():
    """Nobody is bothered with what other programs set, nor with settings that exist."""
    for names in (ORDINARY, ALLOWED):
        assert misspelt(dict.fromkeys(names, "1")) == []


def test_a_new_data_folder_is_told(tmp_path):
    """A DATA_DIR without readings is told: a wrong letter in it would look like all readings lost. One with
    readings is not."""
    environ = {"DATA_DIR": str(tmp_path / "new")}
    (said,) = doubts(Settings.from_environ(environ), environ)
    assert str(tmp_path / "new") in said.problem and "DATA_DIR" in said.remedy
    assert doubts(Settings.from_environ({}, tmp_path), {}) == []
    log = tmp_path / "left" / "temperature_log.csv"
    log.parent.mkdir()
    log.touch()
    kept = {"DATA_DIR": str(log.parent)}
    assert doubts(Settings.from_environ(kept), kept) == []
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "temphub.sqlite3").touch()
    assert doubts(Settings.from_environ(environ), environ) == []


CLOUDS = [
    "/home/a/Dropbox/hub",
    "/home/a/Dropbox (Personal)/hub",
    "C:/Users/a/OneDrive/Desktop",
    "C:/Users/a/OneDrive - Contoso/hub",
    "G:/My Drive/hub",
    "/home/a/Google Drive/hub",
    "/home/a/Nextcloud/hub",
    "/home/a/Nextcloud2/hub",
    "/Users/a/Library/CloudStorage/GoogleDrive-a@b.c/My Drive",
    "/Users/a/Library/Mobile Documents/com~apple~CloudDocs/hub",
    "C:/Users/a/iCloudDrive/hub",
]


@pytest.mark.parametrize("folder", CLOUDS)
def test_a_cloud_folder_is_told(folder):
    """A data folder in Dropbox, OneDrive, Google Drive, Nextcloud or iCloud is told, with what it does to the
    journal."""
    (said,) = bad_places(Path(folder), "ext4", False, {})
    assert "cloud" in said.problem and "DATA_DIR" in said.remedy


def test_a_folder_outside_the_cloud_is_offered():
    """On Windows the remedy names a folder of this user that OneDrive leaves alone; elsewhere one in the home
    folder."""
    on_windows = {"LOCALAPPDATA": "C:\\Users\\ana\\AppData\\Local", "OneDrive": "/home/ana/OneDrive"}
    (said,) = bad_places(Path("/home/ana/OneDrive/Desktop/TempHub"), "ntfs", False, on_windows)
    assert said.remedy.endswith("such as C:\\Users\\ana\\AppData\\Local\\TempHub\\data.")
    (said,) = bad_places(Path("/home/ana/OneDrive"), "ext4", False, {})
    assert str(Path.home()) in said.remedy and "C:" not in said.remedy


def test_a_cloud_is_known_by_what_it_leaves(tmp_path):
    """A folder that a cloud's program keeps under any name is known by the program's own files, and by
    Windows' variables."""
    assert bad_places(tmp_path / "data", "ext4", False, {}) == []
    assert len(bad_places(tmp_path / "data", "ntfs", False, {"OneDrive": str(tmp_path)})) == 1
    (tmp_path / ".stfolder").mkdir()
    assert len(bad_places(tmp_path / "data", "ext4", False, {})) == 1


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.rclone", "vboxsf", "virtiofs", "9p", "fuse.sshfs"])
def test_a_shared_folder_is_told(kind):
    """A network drive and a folder shared with a virtual machine are told; so is a drive that Windows calls
    remote."""
    assert (
        len(bad_places(Path("/data"), kind, False, {}))
        == len(bad_places(Path("Z:/data"), "ntfs", True, {}))
        == 1
    )
    assert bad_places(Path("/data"), "ext4", False, {}) == []


def test_the_file_system_is_known(tmp_path):
    """The folder need not exist yet."""
    assert filesystem(tmp_path / "not" / "there")[0]


def test_a_short_secret_is_told(tmp_path):
    """A token or password that can be guessed is named at the start and never shown; a longer one, or none,
    is not worth a word."""
    place = {"DATA_DIR": str(tmp_path)}
    short = {**place, "SERVER_TOKEN": "q", "UI_PASSWORD": "kitchen88"}
    said = short_secrets(Settings.from_environ(short))
    assert [doubt.problem.split()[0] for doubt in said] == ["SERVER_TOKEN", "UI_PASSWORD"]
    assert (
        "1 character," in said[0].problem
        and "kitchen" not in said[1].problem
        and all(doubt.remedy.startswith("Set ") for doubt in said)
    )
    assert set(said) <= set(doubts(Settings.from_environ(short), short))
    assert (
        short_secrets(
            Settings.from_environ({**place, "SERVER_TOKEN": "YourSecret", "UI_PASSWORD": "ten letters"})
        )
        == []
    )
    assert short_secrets(Settings.from_environ(place)) == []
