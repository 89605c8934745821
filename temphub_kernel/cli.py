"""The `temphub` command. Every problem ends in words and an exit code: 0 well, 1 a problem, 2 wrong arguments."""

import argparse
import io
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from ._version import __version__
from .core import TempHubError, describe

if TYPE_CHECKING:
    from types import ModuleType

    from .core import Settings


# What a shell sees of any program that was stopped by a closed pipe.
NOBODY_READS = 141
# Commands that state something of stored readings, or list what is stated.
STATEMENTS = {
    "alarms": "what is the matter, and what is done about it; rules for it. Without arguments list the alarms that are live",
    "calibrate": "correct a probe's values from a time on; without arguments list what is in force",
    "thermocouple": "correct stored numbers of a MAX31855 or MAX6675 for the thermocouple's type; without arguments list what is corrected",
    "strike-out": "have readings of a time not count, or count again; they are kept. Without arguments list what is struck out",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code. Main thread only."""
    try:
        return _work(sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        return _unheard()
    finally:
        _flush()


def _work(given: list[str]) -> int:
    options = None if given[:1] == ["probe"] else _parser(given).parse_args(given)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A sign that the console's code page lacks becomes a question mark, not an error.
            stream.reconfigure(errors="replace")
    try:
        if options is None:
            return _probe(given[1:])
        options.given = given
        return int(getattr(options, "work", _run)(options))
    except BrokenPipeError:
        raise
    # The user's boundary: whatever stops the hub ends in words; only what nobody foresaw also shows its trace.
    except Exception as error:
        if not isinstance(error, TempHubError):
            traceback.print_exc()
        problem, remedy = describe(error)
        sys.stderr.write(f"\nProblem: {problem}\nWhat to do: {remedy}\n")
        return 1


def _parser(given: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="temphub",
        description="The temperature hub: finds probes, stores their readings, shows them. Settings are environment variables; see README.",
    )
    parser.add_argument("--version", action="version", version=f"temphub {__version__}")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    commands = parser.add_subparsers(title="commands", metavar="")
    demo = commands.add_parser("demo", help="the same, with virtual probes on this computer")
    demo.add_argument("--probes", type=_count, default=3, metavar="N", help="how many virtual probes (default 3)")
    demo.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    commands.add_parser("probe", help="one virtual probe: temphub probe --id TempProbe-0A01 --port 0", add_help=False)
    _add_probes(commands)
    _add_orders(commands)
    _add_statements(commands, given)
    _add_flash(commands)
    _add_export(commands, given)
    _add_computer(commands)
    return parser


def _add_probes(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    probes = commands.add_parser("probes", help="list the probes that the running hub knows, their firmware, and which have an update")
    _add_changes(probes.add_mutually_exclusive_group())
    probes.add_argument("--overlap", action="store_true", help="merge although both have readings at the same time")
    probes.add_argument("--yes", action="store_true", help="remove or merge without asking")
    probes.set_defaults(work=_probes)


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
    told = "take all ids off every list that came once or a few times and did not come back; readings are kept"
    which.add_argument("--remove-unnamed", action="store_true", help=told)
    which.add_argument("--expect", type=int, metavar="N", help="say that N new probes will come within the hour: they are taken at once")
    which.add_argument("--all", action="store_true", help="list those as well that came once or a few times and did not come back")
    which.add_argument(
        "--merge", metavar=("FROM", "INTO"), nargs=2, help="have FROM's readings count as INTO's: a new board in an old place"
    )
    which.add_argument("--unmerge", metavar="ID", help="have a merged probe stand for itself again")
    which.add_argument("--believe", metavar="ID", help="have the 85 °C of a probe count, which a sensor shows before it has measured")
    which.add_argument("--doubt", metavar="ID", help="take that back")


def _add_orders(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """What is told to probes."""
    update = commands.add_parser("update", help="have probes update their firmware over the network")
    which = update.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", nargs="*", default=[], metavar="ID", help="a probe's id or name, as `temphub probes` lists it")
    which.add_argument("--all", action="store_true", help="every probe that is here and has an update")
    update.add_argument("--no-wait", action="store_true", help="do not wait until the probes run it")
    update.set_defaults(work=_update)
    for name, told in (("trust", "say yes to a probe that waits, was released or was reset"), ("release", "let a probe go to another hub")):
        trust = commands.add_parser(name, help=told)
        trust.add_argument("id", metavar="ID", help="the probe's id or name, as `temphub probes` lists it")
        trust.set_defaults(work=_trust, yes=name == "trust")


def _add_statements(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", given: list[str]) -> None:
    for name, told in STATEMENTS.items():
        statement = commands.add_parser(name, help=told)
        if name in given:
            _statements()[name].add_options(statement)
        statement.set_defaults(work=_state, statement=name)


def _add_flash(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    flash = commands.add_parser("flash", help="put MicroPython and the probe's firmware on an ESP32 over USB")
    flash.add_argument("--list", action="store_true", help="only list the USB serial ports")
    flash.add_argument("--port", default="", help="serial port, such as COM5 or /dev/ttyUSB0; without it the only board there is")
    flash.add_argument(
        "--image", type=Path, metavar="FW.bin", help="MicroPython image; without it the newest fitting .bin file in this folder"
    )
    flash.add_argument("--wifi", default="", metavar="SSID", help="the Wi-Fi network to join; without it the probe opens one to ask")
    flash.add_argument("--password", default="", help="the Wi-Fi network's password")
    flash.add_argument("--token", default="", help="the hub's SERVER_TOKEN")
    flash.add_argument("--hub", default="", metavar="URL", help="the hub's address, where the network blocks multicast")
    flash.add_argument("--name", default="", help="a name for people, such as 'Cold room 2'")
    flash.add_argument(
        "--keep", action="store_true", help="do not erase: MicroPython and settings stay, the firmware is copied, given settings are added"
    )
    flash.add_argument("--source", action="store_true", help="copy the .py files, not compiled")
    flash.set_defaults(work=_flash)


def _add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", given: list[str]) -> None:
    export = commands.add_parser("export", help="write readings to a CSV, Excel (xlsx) or Parquet file, or rebuild the CSV log")
    if "export" in given:
        from .exports.cli import add_options

        add_options(export)
    export.set_defaults(work=_export)


def _export(options: argparse.Namespace) -> int:
    from .core import Settings
    from .exports import cli

    settings = Settings.from_environ()
    if options.rebuild_csv:
        return _rebuild_csv(settings, options)
    if told := cli.run(settings.journal_file, options):
        _say(told)
    return 0


def _rebuild_csv(settings: "Settings", options: argparse.Namespace) -> int:
    from .csvlog import hub_runs, rebuild_log
    from .exports.cli import counter
    from .hub import HubLock, is_running

    if not options.out and is_running(settings.data_dir):
        raise hub_runs(settings.csv_file)
    lock, out = HubLock(settings.data_dir), Path(options.out).absolute() if options.out else None
    try:
        with counter() as progress:
            told = rebuild_log(
                settings.csv_file,
                settings.journal_file,
                out,
                alone=lock.take,
                force=options.force,
                style=settings.csv_style,
                progress=progress,
            )
    finally:
        lock.release()
    _say(told)
    return 0


def _add_computer(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    doctor = commands.add_parser("doctor", help="examine this computer, the hub and its probes; says what is wrong and what to do")
    doctor.add_argument("--json", action="store_true", help="the same for programs")
    doctor.set_defaults(work=_doctor)
    stop = commands.add_parser("stop", help="end the hub that runs on the data folder, also one without a window; readings are kept")
    stop.set_defaults(work=_stop)
    firewall = commands.add_parser("firewall", help="Windows: let probes through the firewall, with the administrator's consent")
    firewall.add_argument("--once", action="store_true", help="only if it was not asked before; for the first start")
    firewall.set_defaults(work=_firewall)
    service = commands.add_parser("service", help="start the hub by itself when you log on: install, uninstall, status")
    service.add_argument("action", choices=("install", "uninstall", "status", "run"))
    service.add_argument("--settings", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    service.set_defaults(work=_service)


def _run(options: argparse.Namespace) -> int:
    from .server import keeper

    supervised = keeper.supervised()
    if supervised is None:
        return keeper.keep(options.given)
    with supervised as start:
        from .core import Settings
        from .server.run import run

        return run(Settings.from_environ(), start, options.given, browser=not options.no_browser, probes=getattr(options, "probes", 0))


def _stop(_: argparse.Namespace) -> int:
    from .core import Settings
    from .hub.commands.stop import stop_hub

    return stop_hub(Settings.from_environ(), _say)


def _probes(options: argparse.Namespace) -> int:
    from .core import Settings
    from .hub.commands.probes import Fleet
    from .hub.commands.strike_out import believe, expect, merge_probes, remove_probes, remove_unnamed

    if options.remove or options.restore:
        settings, back = Settings.from_environ(), bool(options.restore)
        remove_probes(settings, options.remove or options.restore, _say, sure=options.yes, back=back)
        return 0
    if options.remove_unnamed:
        remove_unnamed(Settings.from_environ(), _say, sure=options.yes)
        return 0
    if options.expect is not None:
        expect(Settings.from_environ(), options.expect, _say)
        return 0
    if options.merge or options.unmerge:
        merge_probes(Settings.from_environ(), options.merge, options.unmerge, _say, sure=options.yes, overlap=options.overlap)
        return 0
    if options.believe or options.doubt:
        believe(Settings.from_environ(), options.believe or options.doubt, _say, counts=bool(options.believe))
        return 0
    Fleet(Settings.from_environ(), _say).show(everybody=options.all)
    return 0


def _update(options: argparse.Namespace) -> int:
    from .core import Settings
    from .hub.commands.probes import Fleet

    failed = Fleet(Settings.from_environ(), _say).update(options.ids, everyone=options.all, wait_s=0.0 if options.no_wait else 180.0)
    return 1 if failed else 0


def _trust(options: argparse.Namespace) -> int:
    from .core import Settings
    from .hub.commands.probes import Fleet

    Fleet(Settings.from_environ(), _say).trust(options.id, yes=options.yes)
    return 0


def _state(options: argparse.Namespace) -> int:
    from .core import Settings

    _statements()[options.statement].run(Settings.from_environ(), options, _say)
    return 0


def _statements() -> "dict[str, ModuleType]":
    from .hub.commands import alarms, calibrate, strike_out, thermocouple

    return {"alarms": alarms, "calibrate": calibrate, "thermocouple": thermocouple, "strike-out": strike_out}


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import doctor

    return doctor(_say, as_json=options.json)


def _firewall(options: argparse.Namespace) -> int:
    from .firewall import firewall

    return firewall(_say, once=options.once)


def _service(options: argparse.Namespace) -> int:
    from .service import service

    code = service(options.action, options.settings, _say)
    # What the system starts at logon: its settings are in force now, the rest is as ever.
    return _run(argparse.Namespace(no_browser=True, given=options.given)) if options.action == "run" else code


def _flash(options: argparse.Namespace) -> int:
    from .core import files
    from .flash import Flash, Wanted, listing, no_board, settings

    if options.list:
        found = listing()
        for port in found:
            _say(f"{port.device}  {port.kind or port.said}")
        if not found:
            _say(str(no_board()))
        return 0
    given = settings(wifi=options.wifi, password=options.password, token=options.token, hub=options.hub, name=options.name)
    folders = [Path.cwd(), files.firmware()]
    Flash(Wanted(files.firmware(), folders, options.port, options.image, given, options.keep, options.source), _say).run()
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _flush() -> None:
    """Out with what is said, while it can still be told that nobody listens; the interpreter itself would complain at its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        _unheard()


def _unheard() -> int:
    """Whoever read what this command says has gone, as `head` does when it has enough: no problem of the user's. The exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return NOBODY_READS


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 200:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of probes; give a whole number from 1 to 200")
    return int(text)


def _probe(arguments: list[str]) -> int:
    from .core import Settings
    from .server.virtual import run_here

    return run_here(arguments, lambda: Settings.from_environ().data_dir)
