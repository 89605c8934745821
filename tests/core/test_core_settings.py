"""The settings: defaults, and wrong values told in words."""

from pathlib import Path

import pytest

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.files import CHECKOUT, find_data_dir
from temphub_kernel.core.settings import ALLOWED, SECRET, Settings

WRONG = {
    "HOST": ["a b", "http://x", "-x"],
    "PORT": ["0", "65536", "80a", "-1", "8088.0", "٣", "99999999999"],
    "PUBLIC_BASE": [
        "192.168.1.2",
        "ftp://x",
        "http://x/path",
        "http://x?y",
        "http://",
        "http://u@x",
        "http://x:99999",
        "http://[x",
    ],
    "SERVER_TOKEN": ["two words", "ü", "x" * 129],
    "CSV_FILE": ["log.txt", "log", "a\0.csv"],
    "CSV_STYLE": ["excel", "excel-xx", "de", "automatic"],
    "DEFAULT_INTERVAL_MS": ["499", "3600001", "2s", "1e3"],
    "PROBE_TRUST": ["yes", "autos"],
    "LOG_LEVEL": ["LOUD", "WARNING2"],
    "DATA_DIR": ["a\0b"],
    "ARCHIVE_AFTER_DAYS": ["30", "-1", "1 year", "36501"],
    "UI_PASSWORD": ["short", "x" * 257, "pass\nword"],
    "ALLOWED_HOSTS": ["http://hub", "a b!", "hub:80"],
    "TRUSTED_PROXIES": ["proxy.example.org", "127.0.0.1/33", "0.0.0.0/0", "10.0.0.1, x"],
    "TLS_CERT": ["a\0.pem"],
    "TLS_KEY": ["a\0.pem"],
    "TLS_PORT": ["0", "https"],
    "INTERFACES": ["eth0", "1.2.3", "192.168.1.2, x"],
    "KEEP_AWAKE": ["maybe", "2"],
    "MQTT_URL": [
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://b:0",
        "mqtt://b:x",
        "mqtt://b/all/#",
        "mqtt://b/+/t",
        "mqtt://b/t?q",
    ],
    "WEBHOOK_URL": [
        "example.com",
        "ftp://x/y",
        "http://",
        "http://x:99999",
        "http://x/a b",
        "http://x/#part",
        "http://ü/x",
    ],
    "SITE": ["x" * 65, "two\nlines", "a\\b", 'a"b'],
    "FORWARD_URL": ["192.168.1.5:8428", "ftp://x/y", "http://"],
    "FORWARD_TOKEN": ["two words", "ümlaut"],
    "READ_FROM": ["vmselect:8481"],
    "READ_TOKEN": ["two words"],
    "HEARTBEAT_URL": ["hc-ping.com/x", "ftp://x/y"],
    "REPORTS_DIR": ["a\0b"],
    "REPORTS_LANGUAGE": ["english", "e n"],
    "REPORTS_PAPER": ["a5", "legal"],
    "ALARMS_LANGUAGE": ["english", "e n"],
    "BACKUP_DIR": ["a\0b"],
    "BACKUP_KEEP": ["0", "-1", "65536", "all"],
    "HEARTBEAT_S": ["9", "86401", "1.5", "often"],
}


def test_every_setting_has_wrong_values() -> None:
    """The table below forgets no setting."""
    assert set(WRONG) == set(ALLOWED)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    """A wrong value is named with the variable and what is allowed; a token is never shown."""
    with pytest.raises(TempHubError) as caught:
        Settings.from_environ({name: value}, tmp_path)
    assert f"The setting {name} is " in caught.value.problem and caught.value.remedy.startswith(
        f"Set {name} to "
    )
    assert (repr(value) in caught.value.problem) == (name not in SECRET)


def test_defaults(tmp_path: Path) -> None:
    """Without any variable the hub has the documented settings; an empty or blank variable is none."""
    found = Settings.from_environ({"PORT": "", "HOST": "  "}, tmp_path)
    assert (found.host, found.port, found.public_base, found.server_token) == ("0.0.0.0", 8088, "", "")
    assert (found.default_interval_ms, found.log_level, found.interfaces) == (2000, "INFO", ())
    assert (found.keep_awake, found.mqtt_url, found.webhook_url) == (True, "", "")
    assert found.data_dir == tmp_path and found.csv_file == tmp_path / "temperature_log.csv"


def test_values_are_taken(tmp_path: Path) -> None:
    """Relative paths lie in the data folder, which lies below the working folder; an absolute CSV_FILE
    stays."""
    env = {
        "DATA_DIR": "d",
        "CSV_FILE": "logs/x.CSV",
        "PUBLIC_BASE": "http://hub:80/",
        "LOG_LEVEL": "debug",
        "INTERFACES": "10.0.0.1, ::1",
    }
    found = Settings.from_environ(env, tmp_path)
    assert (
        found.csv_file == tmp_path / "d/logs/x.CSV" and found.journal_file == tmp_path / "d/temphub.sqlite3"
    )
    assert (found.public_base, found.log_level, found.interfaces) == (
        "http://hub:80",
        "DEBUG",
        ("10.0.0.1", "::1"),
    )
    told = Settings.from_environ(
        {"KEEP_AWAKE": "Off", "MQTT_URL": "mqtt://u:p@b:1884/lab/", "WEBHOOK_URL": "https://x/y?z=1"},
        tmp_path,
    )
    assert (told.keep_awake, told.mqtt_url, told.webhook_url) == (
        False,
        "mqtt://u:p@b:1884/lab",
        "https://x/y?z=1",
    )
    absolute = tmp_path / "else.csv"
    assert Settings.from_environ({"CSV_FILE": str(absolute), "DATA_DIR": "d"}, tmp_path).csv_file == absolute


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8088"),
        ("::1", "http://[::1]:8088"),
        ("10.0.0.5", "http://10.0.0.5:8088"),
    ],
)
def test_local_url(tmp_path: Path, host: str, url: str) -> None:
    """Programs on this computer reach the hub whatever it is bound to."""
    assert Settings.from_environ({"HOST": host}, tmp_path).local_url == url


def test_the_data_folder_is_found(tmp_path: Path) -> None:
    """The nearest journal upwards wins, then the checkout's root, then the working folder."""
    deep = tmp_path / "a/b"
    deep.mkdir(parents=True)
    assert find_data_dir(deep) == deep
    (tmp_path / "temphub.sqlite3").touch()
    assert find_data_dir(deep) == tmp_path
    (deep / "temphub.sqlite3").touch()
    assert find_data_dir(deep) == deep
    assert find_data_dir(CHECKOUT / "notebooks") == CHECKOUT
