"""The settings: environment variables, checked once at the start. A wrong value stops it with words. Any thread."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from .errors import TempHubError
from .files import DEMO_FOLDER, JOURNAL_FILE, find_data_dir
from .reading import MAX_INTERVAL_MS, MIN_INTERVAL_MS
from .spreadsheet import AUTO, STANDARD, STYLES, Style, style_named

LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Settings:
    """What the hub was told. `interfaces`: addresses on which probes are looked for; empty means all usable ones."""

    host: str
    port: int
    public_base: str
    server_token: str = field(repr=False)
    csv_file: Path
    default_interval_ms: int
    log_level: str
    data_dir: Path
    interfaces: tuple[str, ...]
    archive_after_days: int = 90
    keep_awake: bool = True
    mqtt_url: str = field(default="", repr=False)
    webhook_url: str = field(default="", repr=False)
    ui_password: str = field(default="", repr=False)
    allowed_hosts: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_port: int = 8443
    approve_probes: bool = False
    csv_style: Style = STANDARD
    trusted_proxies: tuple[str, ...] = ()

    @property
    def journal_file(self) -> Path:
        """The journal in the data folder."""
        return self.data_dir / JOURNAL_FILE

    @property
    def is_demo(self) -> bool:
        """Whether this is a demo: its readings are made up, and it keeps to itself."""
        return self.data_dir.name == DEMO_FOLDER

    @property
    def local_url(self) -> str:
        """The hub as a program on this computer reaches it."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "localhost") else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> "Settings":
        """Read the environment. Raises TempHubError naming the variable, the value met and what is allowed."""
        env = os.environ if environ is None else environ
        here = Path.cwd() if cwd is None else cwd

        def get(name: str, default: str, check: "Callable[[str], object]") -> str:
            value = env.get(name, "").strip() or default
            if value and not check(value):
                raise wrong(name, value)
            return value

        data_dir = Path(get("DATA_DIR", str(find_data_dir(here)), _is_path)).expanduser()
        data_dir = data_dir if data_dir.is_absolute() else here / data_dir
        tls = {name: get(name, "", _is_path) for name in ("TLS_CERT", "TLS_KEY")}
        for name, value in tls.items():
            if not value and any(tls.values()):
                raise wrong(name, value)
        return cls(
            host=get("HOST", "0.0.0.0", _is_host),
            port=int(get("PORT", "8088", _is_port)),
            public_base=get("PUBLIC_BASE", "", _is_base).rstrip("/"),
            server_token=get("SERVER_TOKEN", "", _is_token),
            csv_file=data_dir / Path(get("CSV_FILE", "temperature_log.csv", _is_csv)).expanduser(),
            default_interval_ms=int(get("DEFAULT_INTERVAL_MS", "2000", _is_interval)),
            log_level=get("LOG_LEVEL", "INFO", lambda v: v.upper() in LEVELS).upper(),
            data_dir=data_dir,
            archive_after_days=int(get("ARCHIVE_AFTER_DAYS", "90", _is_days)),
            interfaces=tuple(get("INTERFACES", "", _is_addresses).replace(",", " ").split()),
            keep_awake=get("KEEP_AWAKE", "on", lambda v: v.lower() in ("on", "off")).lower() == "on",
            mqtt_url=get("MQTT_URL", "", _is_broker).rstrip("/"),
            webhook_url=get("WEBHOOK_URL", "", _is_web_address),
            ui_password=get("UI_PASSWORD", "", _is_password),
            allowed_hosts=tuple(get("ALLOWED_HOSTS", "", _is_hosts).replace(",", " ").lower().split()),
            trusted_proxies=tuple(get("TRUSTED_PROXIES", "", _is_networks).replace(",", " ").split()),
            tls_cert=data_dir / Path(tls["TLS_CERT"]).expanduser() if tls["TLS_CERT"] else None,
            tls_key=data_dir / Path(tls["TLS_KEY"]).expanduser() if tls["TLS_KEY"] else None,
            tls_port=int(get("TLS_PORT", "8443", _is_port)),
            csv_style=style_named(get("CSV_STYLE", "standard", lambda v: v.lower() in (*STYLES, AUTO)).lower()),
            approve_probes=get("PROBE_TRUST", "auto", lambda v: v.lower() in ("auto", "approve")).lower() == "approve",
        )


ALLOWED = {
    "HOST": "an address or host name of this computer, such as 0.0.0.0 (all of them)",
    "PORT": "a whole number from 1 to 65535",
    "PUBLIC_BASE": "a base URL such as http://192.168.1.20:8088, without a path",
    "SERVER_TOKEN": "up to 128 printable characters without spaces",
    "PROBE_TRUST": "auto (a new probe is taken by itself) or approve (only after a person said yes)",
    "CSV_FILE": "a file name ending in .csv",
    "CSV_STYLE": f"standard, auto (as this computer's Windows has it) or {', '.join(name for name in STYLES if name != 'standard')}",
    "DEFAULT_INTERVAL_MS": f"a whole number of milliseconds from {MIN_INTERVAL_MS} to {MAX_INTERVAL_MS}",
    "LOG_LEVEL": "DEBUG, INFO, WARN or ERROR",
    "DATA_DIR": "a folder",
    "ARCHIVE_AFTER_DAYS": "a whole number of days from 31 to 36500, or 0 to keep all readings in the journal",
    "UI_PASSWORD": "8 to 256 printable characters, or the argon2 hash of such a password",
    "ALLOWED_HOSTS": "host names under which the hub is opened, separated by commas, without http:// and port",
    "TRUSTED_PROXIES": "addresses or networks of reverse proxies such as 127.0.0.1, 172.16.0.0/12, separated by commas",
    "TLS_CERT": "the file of a certificate (PEM), together with TLS_KEY",
    "TLS_KEY": "the file of the certificate's key (PEM), together with TLS_CERT",
    "TLS_PORT": "a whole number from 1 to 65535",
    "INTERFACES": "addresses of this computer's network interfaces, separated by commas",
    "KEEP_AWAKE": "on (the computer does not go to sleep while the hub runs) or off",
    "MQTT_URL": "the address of an MQTT broker such as mqtt://user:password@192.168.1.5:1883, perhaps with a topic behind it",
    "WEBHOOK_URL": "a web address such as https://example.com/readings",
}
# These may hold a password: they are never shown.
SECRET = ("SERVER_TOKEN", "UI_PASSWORD", "MQTT_URL", "WEBHOOK_URL")


def wrong(name: str, value: str) -> TempHubError:
    """The error for a setting that cannot be used."""
    shown = "(hidden)" if name in SECRET else repr(value)
    return TempHubError(
        f"The setting {name} is {shown}, which the hub cannot use, so it did not start.",
        f"Set {name} to {ALLOWED[name]}, or remove it to use the default.",
        code="bad_setting",
    )


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
        return all(ipaddress.ip_network(part, strict=False).prefixlen > 0 for part in value.replace(",", " ").split())
    except ValueError:
        return False


def _is_whole(value: str, low: int, high: int) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high


def _is_port(value: str) -> bool:
    return _is_whole(value, 1, 65535)


def _is_interval(value: str) -> bool:
    return _is_whole(value, MIN_INTERVAL_MS, MAX_INTERVAL_MS)


def _is_days(value: str) -> bool:
    return value == "0" or _is_whole(value, 31, 36_500)


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
    return plain and parts.scheme in schemes and bool(parts.hostname) and (port is None or port > 0) and "#" not in value


def _is_broker(value: str) -> bool:
    # `+` and `#` stand for any topic, so they cannot be part of ours.
    return _is_address_of(value, ("mqtt", "mqtts")) and not any(sign in value.rpartition("@")[2] for sign in "+#$?")


def _is_web_address(value: str) -> bool:
    return _is_address_of(value, ("http", "https"))


def _is_token(value: str) -> bool:
    return len(value) <= 128 and all("!" <= char <= "~" for char in value)


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
