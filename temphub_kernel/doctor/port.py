"""The one port: free, ours, or another program's, and whose."""

import errno
import socket
from collections.abc import Iterable

import psutil

from ..base.finding import Finding, problem, well
from .case import Case

TAKEN = {errno.EADDRINUSE, 10048}
FORBIDDEN = {errno.EACCES, 10013}


def port(case: Case) -> Iterable[Finding]:
    """Whether probes can deliver to the hub's port."""
    number = case.settings.port
    if case.running:
        yield well("Port", f"Port {number} is this hub's own; it answers at {case.url}.")
    elif case.health:
        yield _other_hub(number, str(case.health.get("data_dir", "")))
    elif case.held:
        said = f"A hub runs on the data folder {case.settings.data_dir}, but nothing answers at {case.url}."
        yield problem("Port", said, "Wait a minute: a hub that hangs is replaced by itself. If this stays, end it and start it again.")
    else:
        yield _try(case.settings.host, number)


def _other_hub(number: int, folder: str) -> Finding:
    said = f"Port {number} is used by another hub, on the data folder {folder}, so this one cannot start."
    return problem("Port", said, "Use that hub, or set PORT and DATA_DIR in Start.bat to start another one.")


def _try(host: str, number: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, number), family=family).close()
    except OSError as error:
        return _refused(host, number, error)
    return well("Port", f"Port {number} is free; the hub is not running.")


def _refused(host: str, number: int, error: OSError) -> Finding:
    if error.errno in TAKEN:
        who = holder(number)
        by = f"another program ({who})" if who else "another program"
        said = f"Port {number} is used by {by}, so probes cannot deliver readings."
        return problem("Port", said, "Close the other program, or set PORT in Start.bat to a free port such as 8090.")
    if error.errno in FORBIDDEN:
        said = f"This computer does not allow port {number} to be used, so probes cannot deliver readings."
        return problem("Port", said, "Set PORT in Start.bat to a free port above 1024 such as 8090.")
    said = f"The hub cannot listen on {host} port {number} ({error.strerror or error})."
    return problem("Port", said, "Set HOST to 0.0.0.0 or to an address of this computer.")


def holder(number: int) -> str:
    """Who listens on a TCP port: `name, process 123`; empty when the system does not tell."""
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == number and one.pid:
                return f"{psutil.Process(one.pid).name()}, process {one.pid}"
    except (psutil.Error, OSError):
        pass
    return ""
