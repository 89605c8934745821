"""The settings: environment variables, checked once at the start. A wrong value stops it with words. Any
thread."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from . import errors, files, reading, spreadsheet

HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


def _is_host(value: str) -> bool:
    return _is_address(value) or HOST_NAME.fullmatch(value) is not None


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_addresses(value: str) -> bool:
    return all(_is_address(part) for part in value.replace(",", " ").split())


def _is_networks(value: str) -> bool:
    try:
        # All of the internet is a mistake: anybody could then say to be anybody.
        return all(
            ipaddress.ip_network(part, strict=False).prefixlen > 0 for part in value.replace(",", " ").split()
        )
    except ValueError:
        return False


def _is_whole(value: str, low: int, high: int) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high


def _is_port(value: str) -> bool:
    return _is_whole(value, 1, 65535)


def _is_interval(value: str) -> bool:
    return _is_whole(value, reading.MIN_INTERVAL_MS, reading.MAX_INTERVAL_MS)


def _is_days(value: str) -> bool:
    return value == "0" or _is_whole(value, 31, 36_500)


def _is_heartbeat(value: str) -> bool:
    return _is_whole(value, 10, 86_400)


def _is_base(value: str) -> bool:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    right_port = port is None or port > 0
    plain = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and right_port


def _is_address_of(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    plain = all("!" <= char <= "~" for char in value)
    return (
        plain
        and parts.scheme in schemes
        and bool(parts.hostname)
        and (port is None or port > 0)
        and "#" not in value
    )


def _is_broker(value: str) -> bool:
    # `+` and `#` stand for any topic, so they cannot be part of ours.
    return _is_address_of(value, ("mqtt", "mqtts")) and not any(
        sign in value.rpartition("@")[2] for sign in "+#$?"
    )


def _is_web_address(value: str) -> bool:
    return _is_address_of(value, ("http", "https"))


def _is_token(value: str) -> bool:
    return len(value) <= 128 and _is_key(value)


def _is_key(value: str) -> bool:
    return all("!" <= char <= "~" for char in value)


def _is_site(value: str) -> bool:
    return len(value) <= 64 and value.isprintable() and not any(sign in value for sign in '\\"')


def _is_password(value: str) -> bool:
    return 8 <= len(value) <= 256 and value.isprintable()


def _is_hosts(value: str) -> bool:
    return all(HOST_NAME.fullmatch(part) is not None for part in value.replace(",", " ").split())


def _is_csv(value: str) -> bool:
    return Path(value).suffix.lower() == ".csv" and _is_path(value)


def _is_path(value: str) -> bool:
    try:
        # ~name of somebody who is not known here.
        Path(value).expanduser()
    except RuntimeError:
        return False
    return "\0" not in value


def _one_of(*words: str) -> Callable[[str], bool]:
    return lambda value: value.lower() in words


def _words(value: str) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split())


def _file(value: str) -> Path | None:
    return Path(value).expanduser() if value else None


class Setting(NamedTuple):
    """An environment variable. default: as it would be written there; allowed: what follows `Set NAME to`."""

    name: str
    default: str
    allowed: str
    check: Callable[[str], bool]
    make: Callable[[str], Any]
    secret: bool


def setting(
    name: str,
    default: str,
    allowed: str,
    check: Callable[[str], bool],
    make: Callable[[str], Any] = str,
    *,
    secret: bool = False,
) -> Any:
    """A field of Settings that is set by the variable `name`.

    check: whether a text that is not empty may stand there; make: the value of such a text or of the default.
    A relative path lies in the data folder. secret: it may hold a password, so it is never shown.
    """
    told = Setting(name, default, allowed, check, make, secret)
    return field(default=make(default), repr=not secret, metadata={"setting": told})


@dataclass(frozen=True)
class Settings:
    """What the hub was told. interfaces: addresses on which probes are looked for; empty means all usable
    ones."""

    host: str = setting(
        "HOST", "0.0.0.0", "an address or host name of this computer, such as 0.0.0.0 (all of them)", _is_host
    )
    port: int = setting("PORT", "8088", "a whole number from 1 to 65535", _is_port, int)
    public_base: str = setting(
        "PUBLIC_BASE",
        "",
        "a base URL such as http://192.168.1.20:8088, without a path",
        _is_base,
        lambda value: value.rstrip("/"),
    )
    server_token: str = setting(
        "SERVER_TOKEN", "", "up to 128 printable characters without spaces", _is_token, secret=True
    )
    approve_probes: bool = setting(
        "PROBE_TRUST",
        "auto",
        "auto (a new probe is taken by itself) or approve (only after a person said yes)",
        _one_of("auto", "approve"),
        lambda value: value.lower() == "approve",
    )
    csv_file: Path = setting("CSV_FILE", "temperature_log.csv", "a file name ending in .csv", _is_csv, _file)
    csv_style: spreadsheet.Style = setting(
        "CSV_STYLE",
        "standard",
        "standard, auto (as this computer's Windows has it) or "
        f"{', '.join(one for one in spreadsheet.STYLES if one != 'standard')}",
        _one_of(*spreadsheet.STYLES, spreadsheet.AUTO),
        lambda value: spreadsheet.style_named(value.lower()),
    )
    default_interval_ms: int = setting(
        "DEFAULT_INTERVAL_MS",
        "2000",
        f"a whole number of milliseconds from {reading.MIN_INTERVAL_MS} to {reading.MAX_INTERVAL_MS}",
        _is_interval,
        int,
    )
    log_level: str = setting(
        "LOG_LEVEL",
        "INFO",
        "DEBUG, INFO, WARN or ERROR",
        _one_of("debug", "info", "warn", "error"),
        str.upper,
    )
    # Unset, it is looked for: see `from_environ`.
    data_dir: Path = setting("DATA_DIR", ".", "a folder", _is_path, _file)
    archive_after_days: int = setting(
        "ARCHIVE_AFTER_DAYS",
        "90",
        "a whole number of days from 31 to 36500, or 0 to keep all readings in the journal",
        _is_days,
        int,
    )
    ui_password: str = setting(
        "UI_PASSWORD",
        "",
        "8 to 256 printable characters, or the argon2 hash of such a password",
        _is_password,
        secret=True,
    )
    allowed_hosts: tuple[str, ...] = setting(
        "ALLOWED_HOSTS",
        "",
        "host names under which the hub is opened, separated by commas, without http:// and port",
        _is_hosts,
        lambda value: _words(value.lower()),
    )
    trusted_proxies: tuple[str, ...] = setting(
        "TRUSTED_PROXIES",
        "",
        "addresses or networks of reverse proxies such as 127.0.0.1, 172.16.0.0/12, separated by commas",
        _is_networks,
        _words,
    )
    tls_cert: Path | None = setting(
        "TLS_CERT", "", "the file of a certificate (PEM), together with TLS_KEY", _is_path, _file
    )
    tls_key: Path | None = setting(
        "TLS_KEY", "", "the file of the certificate's key (PEM), together with TLS_CERT", _is_path, _file
    )
    tls_port: int = setting("TLS_PORT", "8443", "a whole number from 1 to 65535", _is_port, int)
    interfaces: tuple[str, ...] = setting(
        "INTERFACES",
        "",
        "addresses of this computer's network interfaces, separated by commas",
        _is_addresses,
        _words,
    )
    keep_awake: bool = setting(
        "KEEP_AWAKE",
        "on",
        "on (the computer does not go to sleep while the hub runs) or off",
        _one_of("on", "off"),
        lambda value: value.lower() == "on",
    )
    mqtt_url: str = setting(
        "MQTT_URL",
        "",
        "the address of an MQTT broker such as mqtt://user:password@192.168.1.5:1883, perhaps with a topic "
        "behind it",
        _is_broker,
        lambda value: value.rstrip("/"),
        secret=True,
    )
    webhook_url: str = setting(
        "WEBHOOK_URL", "", "a web address such as https://example.com/readings", _is_web_address, secret=True
    )
    site: str = setting(
        "SITE", "", 'a name of this place of at most 64 printable characters without \\ and "', _is_site
    )
    forward_url: str = setting(
        "FORWARD_URL",
        "",
        "a web address such as http://192.168.1.5:8428, and SITE",
        _is_web_address,
        secret=True,
    )
    forward_token: str = setting("FORWARD_TOKEN", "", "a token without spaces", _is_key, secret=True)
    read_from: str = setting(
        "READ_FROM", "", "a web address such as http://vmselect:8481/select/0", _is_web_address, secret=True
    )
    read_token: str = setting("READ_TOKEN", "", "a token without spaces", _is_key, secret=True)
    heartbeat_url: str = setting(
        "HEARTBEAT_URL",
        "",
        "a web address that expects to be called, such as https://hc-ping.com/<uuid>",
        _is_web_address,
        secret=True,
    )
    heartbeat_s: int = setting(
        "HEARTBEAT_S", "60", "a whole number of seconds from 10 to 86400", _is_heartbeat, int
    )
    reports_dir: Path | None = setting("REPORTS_DIR", "", "a folder", _is_path, _file)
    reports_language: str = setting(
        "REPORTS_LANGUAGE", "en", "en, de or fr", _one_of("en", "de", "fr"), str.lower
    )
    alarms_language: str = setting(
        "ALARMS_LANGUAGE", "en", "en, de or fr", _one_of("en", "de", "fr"), str.lower
    )
    reports_paper: str = setting("REPORTS_PAPER", "a4", "a4 or letter", _one_of("a4", "letter"), str.lower)
    backup_dir: Path | None = setting("BACKUP_DIR", "", "a folder that exists", _is_path, _file)
    backup_keep: int = setting("BACKUP_KEEP", "7", "a whole number from 1 to 65535", _is_port, int)

    @property
    def journal_file(self) -> Path:
        """The journal in the data folder."""
        return self.data_dir / files.JOURNAL_FILE

    @property
    def reading_token(self) -> str:
        """What is shown to the engine at READ_FROM."""
        return self.read_token or self.forward_token

    @property
    def is_demo(self) -> bool:
        """Whether this is a demo: its readings are made up, and it keeps to itself."""
        return self.data_dir.name == files.DEMO_FOLDER

    @property
    def local_url(self) -> str:
        """The hub as a program on this computer reaches it."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "localhost") else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> "Settings":
        """Read the environment. Raises TempHubError naming the variable, the value met and what is
        allowed."""
        env = os.environ if environ is None else environ
        here = Path.cwd() if cwd is None else cwd
        if not _is_path(place := env.get("DATA_DIR", "").strip()):
            raise wrong("DATA_DIR", place)
        folder = here / Path(place).expanduser() if place else files.find_data_dir(here)
        restored = files.read_settings(folder / files.RESTORED_FILE)
        values: dict[str, Any] = {}
        for told in fields(cls):
            one: Setting = told.metadata["setting"]
            text = env.get(one.name, "").strip() or restored.get(one.name, "").strip()
            if text and not one.check(text):
                raise wrong(one.name, text)
            values[told.name] = one.make(text or one.default)
        if bool(values["tls_cert"]) != bool(values["tls_key"]):
            raise wrong("TLS_KEY" if values["tls_cert"] else "TLS_CERT", "")
        if values["forward_url"] and not values["site"]:
            raise wrong("SITE", "")
        placed = {name: folder / value for name, value in values.items() if isinstance(value, Path)}
        return cls(**{**values, **placed, "data_dir": folder})


SETTINGS: list[Setting] = [told.metadata["setting"] for told in fields(Settings)]
# What may be written there, as the errors say it.
ALLOWED = {one.name: one.allowed for one in SETTINGS}
# Those that name a file or folder.
PATHS = tuple(one.name for one in SETTINGS if one.make is _file)
# These may hold a password: they are never shown.
SECRET = tuple(one.name for one in SETTINGS if one.secret)


def wrong(name: str, value: str) -> errors.TempHubError:
    """The error for a setting that cannot be used."""
    shown = "(hidden)" if name in SECRET else repr(value)
    return errors.TempHubError(
        f"The setting {name} is {shown}, which the hub cannot use, so it did not start.",
        f"Set {name} to {ALLOWED[name]}, or remove it to use the default.",
        code="bad_setting",
    )
