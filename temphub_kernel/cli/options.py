"""What may be said to `temphub`, and the help for it. Main thread only."""

import argparse
from pathlib import Path

from .. import _version
from . import actions

# Commands that state something of stored readings, or list what is stated.
STATEMENTS = {
    "alarms": "what is the matter, and what is done about it; rules for it. Without arguments list the "
    "alarms that are live",
    "calibrate": "correct a probe's values from a time on; without arguments list what is in force",
    "thermocouple": "correct stored numbers of a MAX31855 or MAX6675 for the thermocouple's type; without "
    "arguments list what is corrected",
    "strike-out": "have readings of a time not count, or count again; they are kept. Without arguments list "
    "what is struck out",
}


def parser(given: list[str]) -> argparse.ArgumentParser:
    """Of all commands; the options of those alone that are `given` are looked up."""
    parser = argparse.ArgumentParser(
        prog="temphub",
        description="The temperature hub: finds probes, stores their readings, shows them. Settings are "
        "environment variables; see README.",
    )
    parser.add_argument("--version", action="version", version=f"temphub {_version.__version__}")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    commands = parser.add_subparsers(title="commands", metavar="")
    demo = commands.add_parser("demo", help="the same, with virtual probes on this computer")
    demo.add_argument(
        "--probes", type=_count, default=3, metavar="N", help="how many virtual probes (default 3)"
    )
    demo.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    commands.add_parser(
        "probe", help="one virtual probe: temphub probe --id TempProbe-0A01 --port 0", add_help=False
    )
    _add_probes(commands)
    _add_orders(commands)
    _add_statements(commands, given)
    _add_flash(commands)
    _add_export(commands, given)
    _add_computer(commands)
    return parser


def _add_probes(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    probes = commands.add_parser(
        "probes", help="list the probes that the running hub knows, their firmware, and which have an update"
    )
    _add_changes(probes.add_mutually_exclusive_group())
    probes.add_argument(
        "--overlap", action="store_true", help="merge although both have readings at the same time"
    )
    probes.add_argument("--yes", action="store_true", help="remove or merge without asking")
    probes.set_defaults(work=actions.probes)


def _add_changes(which: "argparse._MutuallyExclusiveGroup") -> None:
    """What can be done to the list; one of these at a time."""
    which.add_argument(
        "--remove",
        metavar="ID",
        nargs="+",
        default=[],
        help="take probes (id, name, or ids such as 'try-*') off every list; readings are kept",
    )
    which.add_argument("--restore", metavar="ID", nargs="+", default=[], help="bring removed probes back")
    told = (
        "take all ids off every list that came once or a few times and did not come back; readings are kept"
    )
    which.add_argument("--remove-unnamed", action="store_true", help=told)
    which.add_argument(
        "--expect",
        type=int,
        metavar="N",
        help="say that N new probes will come within the hour: they are taken at once",
    )
    which.add_argument(
        "--all",
        action="store_true",
        help="list those as well that came once or a few times and did not come back",
    )
    which.add_argument(
        "--merge",
        metavar=("FROM", "INTO"),
        nargs=2,
        help="have FROM's readings count as INTO's: a new board in an old place",
    )
    which.add_argument("--unmerge", metavar="ID", help="have a merged probe stand for itself again")
    which.add_argument(
        "--believe",
        metavar="ID",
        help="have the 85 °C of a probe count, which a sensor shows before it has measured",
    )
    which.add_argument("--doubt", metavar="ID", help="take that back")


def _add_orders(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """What is told to probes."""
    update = commands.add_parser("update", help="have probes update their firmware over the network")
    which = update.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "ids", nargs="*", default=[], metavar="ID", help="a probe's id or name, as `temphub probes` lists it"
    )
    which.add_argument("--all", action="store_true", help="every probe that is here and has an update")
    update.add_argument("--no-wait", action="store_true", help="do not wait until the probes run it")
    update.set_defaults(work=actions.update)
    for name, told in (
        ("trust", "say yes to a probe that waits, was released or was reset"),
        ("release", "let a probe go to another hub"),
    ):
        trust = commands.add_parser(name, help=told)
        trust.add_argument("id", metavar="ID", help="the probe's id or name, as `temphub probes` lists it")
        trust.set_defaults(work=actions.trust, yes=name == "trust")


def _add_statements(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", given: list[str]
) -> None:
    for name, told in STATEMENTS.items():
        statement = commands.add_parser(name, help=told)
        if name in given:
            actions.statements()[name].add_options(statement)
        statement.set_defaults(work=actions.state, statement=name)


def _add_flash(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    flash = commands.add_parser("flash", help="put MicroPython and the probe's firmware on an ESP32 over USB")
    flash.add_argument("--list", action="store_true", help="only list the USB serial ports")
    flash.add_argument(
        "--port",
        default="",
        help="serial port, such as COM5 or /dev/ttyUSB0; without it the only board there is",
    )
    flash.add_argument(
        "--image",
        type=Path,
        metavar="FW.bin",
        help="MicroPython image; without it the newest fitting .bin file in this folder",
    )
    flash.add_argument(
        "--wifi",
        default="",
        metavar="SSID",
        help="the Wi-Fi network to join; without it the probe opens one to ask",
    )
    flash.add_argument("--password", default="", help="the Wi-Fi network's password")
    flash.add_argument("--token", default="", help="the hub's SERVER_TOKEN")
    flash.add_argument(
        "--hub", default="", metavar="URL", help="the hub's address, where the network blocks multicast"
    )
    flash.add_argument("--name", default="", help="a name for people, such as 'Cold room 2'")
    flash.add_argument(
        "--keep",
        action="store_true",
        help="do not erase: MicroPython and settings stay, the firmware is copied, given settings are added",
    )
    flash.add_argument("--source", action="store_true", help="copy the .py files, not compiled")
    flash.set_defaults(work=actions.flash)


def _add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", given: list[str]) -> None:
    export = commands.add_parser(
        "export", help="write readings to a CSV, Excel (xlsx) or Parquet file, or rebuild the CSV log"
    )
    if "export" in given:
        from ..exports.cli import add_options

        add_options(export)
    export.set_defaults(work=actions.export)
    history = commands.add_parser(
        "import", help="bring in what loggers, databases and other hubs wrote; shows first how it is read"
    )
    if "import" in given:
        from ..imports.cli import add_options as add_import_options

        add_import_options(history)
    history.set_defaults(work=actions.take_in)
    report = commands.add_parser(
        "report",
        help="write a report of a month, week or any time as PDF or HTML, or compare one with the data",
    )
    if "report" in given:
        from ..reports.cli import add_options as add_report_options

        add_report_options(report)
    report.set_defaults(work=actions.report)
    forward = commands.add_parser(
        "forward", help="what goes to the engine at FORWARD_URL; with --again what it lacks of a time"
    )
    if "forward" in given:
        from ..forward.engine.again import add_options as add_forward_options

        add_forward_options(forward)
    forward.set_defaults(work=actions.forward)
    _add_backup(commands, given)


def _add_backup(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", given: list[str]) -> None:
    backup = commands.add_parser(
        "backup", help="write all of this hub into one file, also while it runs; --list says what is in one"
    )
    restore = commands.add_parser(
        "restore", help="put a back-up into the data folder, on this computer or another one"
    )
    if {"backup", "restore"} & set(given):
        from ..backup import cli

        cli.add_options(backup)
        cli.add_restore_options(restore)
    backup.set_defaults(work=actions.backup, back=False)
    restore.set_defaults(work=actions.backup, back=True)


def _add_computer(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    doctor = commands.add_parser(
        "doctor", help="examine this computer, the hub and its probes; says what is wrong and what to do"
    )
    doctor.add_argument("--json", action="store_true", help="the same for programs")
    doctor.set_defaults(work=actions.doctor)
    stop = commands.add_parser(
        "stop", help="end the hub that runs on the data folder, also one without a window; readings are kept"
    )
    stop.set_defaults(work=actions.stop)
    firewall = commands.add_parser(
        "firewall", help="Windows: let probes through the firewall, with the administrator's consent"
    )
    firewall.add_argument(
        "--once", action="store_true", help="only if it was not asked before; for the first start"
    )
    firewall.set_defaults(work=actions.firewall)
    service = commands.add_parser(
        "service", help="start the hub by itself when you log on: install, uninstall, status"
    )
    service.add_argument("action", choices=("install", "uninstall", "status", "run"))
    service.add_argument("--settings", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    service.set_defaults(work=actions.service)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 200:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of probes; give a whole number from 1 to 200"
        )
    return int(text)
