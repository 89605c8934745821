"""The commands of `temphub`, each by the name of what it does; returns the exit code. Main thread only.

Each brings in what it needs when it is called, so that a command is as quick as its own part.
"""

import argparse
import sys
from pathlib import Path
from types import ModuleType

from .. import core


def run(options: argparse.Namespace) -> int:
    """The hub, its keeper and its supervisor: `temphub` and `temphub demo`."""
    from ..server import keeper

    supervised = keeper.supervised()
    if supervised is None:
        return keeper.keep(options.given)
    with supervised as start:
        from ..server.run import run as supervise

        return supervise(
            core.Settings.from_environ(),
            start,
            options.given,
            browser=not options.no_browser,
            probes=getattr(options, "probes", 0),
        )


def export(options: argparse.Namespace) -> int:
    """Readings as a file, or the CSV log anew."""
    from ..exports import cli

    if options.rebuild_csv:
        return _rebuild_csv(options)
    settings = core.Settings.from_environ()
    options.site = options.site or settings.site
    if told := cli.run(settings.journal_file, options):
        say(told)
    return 0


def _rebuild_csv(options: argparse.Namespace) -> int:
    from ..csvlog import hub_runs, rebuild_log
    from ..exports.cli import counter
    from ..hub import HubLock, is_running

    settings = core.Settings.from_environ()
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
    say(told)
    return 0


def report(options: argparse.Namespace) -> int:
    """A report, or whether one still says what the journal has."""
    from ..reports import cli

    told, good = cli.run(core.Settings.from_environ().journal_file, options)
    say(told)
    return 0 if good else 1


def forward(options: argparse.Namespace) -> int:
    """What goes to an engine, or some of it again."""
    from ..forward.engine import again

    return again.run(core.Settings.from_environ(), options, say)


def take_in(options: argparse.Namespace) -> int:
    """History from elsewhere."""
    from ..imports import cli

    return cli.run(core.Settings.from_environ(), options, say)


def backup(options: argparse.Namespace) -> int:
    """A back-up, what is in one, or one put back into the data folder, on which no hub may run."""
    # Before anything is loaded: the hub's readings come first.
    with core.behind():
        from ..backup import cli
        from ..hub import LOCK_FILE, SERVER_LOCK, HubLock

        settings = core.Settings.from_environ()
        if not options.back:
            return cli.run(settings, options, say)
        locks = [HubLock(settings.data_dir, name) for name in (SERVER_LOCK, LOCK_FILE)]
        try:
            return cli.run_restore(settings, options, lambda: all(lock.take() for lock in locks), say)
        finally:
            for lock in locks:
                lock.release()


def stop(_: argparse.Namespace) -> int:
    """End the hub that runs on the data folder."""
    from ..hub.commands.stop import stop_hub

    return stop_hub(core.Settings.from_environ(), say)


def probes(options: argparse.Namespace) -> int:
    """The list of probes, and what may be done to it."""
    from ..hub.commands import probes as known, strike_out as lists

    settings = core.Settings.from_environ()
    if options.remove or options.restore:
        back = bool(options.restore)
        lists.remove_probes(settings, options.remove or options.restore, say, sure=options.yes, back=back)
        return 0
    if options.remove_unnamed:
        lists.remove_unnamed(settings, say, sure=options.yes)
        return 0
    if options.expect is not None:
        lists.expect(settings, options.expect, say)
        return 0
    if options.merge or options.unmerge:
        lists.merge_probes(
            settings, options.merge, options.unmerge, say, sure=options.yes, overlap=options.overlap
        )
        return 0
    if options.believe or options.doubt:
        lists.believe(settings, options.believe or options.doubt, say, counts=bool(options.believe))
        return 0
    known.Fleet(settings, say).show(everybody=options.all)
    return 0


def update(options: argparse.Namespace) -> int:
    """New firmware for probes."""
    from ..hub.commands.probes import Fleet

    failed = Fleet(core.Settings.from_environ(), say).update(
        options.ids, everyone=options.all, wait_s=0.0 if options.no_wait else 180.0
    )
    return 1 if failed else 0


def trust(options: argparse.Namespace) -> int:
    """`temphub trust` and `temphub release`."""
    from ..hub.commands.probes import Fleet

    Fleet(core.Settings.from_environ(), say).trust(options.id, yes=options.yes)
    return 0


def state(options: argparse.Namespace) -> int:
    """What is stated of stored readings."""
    statements()[options.statement].run(core.Settings.from_environ(), options, say)
    return 0


def statements() -> dict[str, ModuleType]:
    """The modules of such commands, by name."""
    from ..hub.commands import alarms, calibrate, strike_out, thermocouple

    return {"alarms": alarms, "calibrate": calibrate, "thermocouple": thermocouple, "strike-out": strike_out}


def doctor(options: argparse.Namespace) -> int:
    """What is wrong here, and what to do."""
    from ..doctor import doctor

    return doctor(say, as_json=options.json)


def firewall(options: argparse.Namespace) -> int:
    """Let probes through."""
    from ..firewall import firewall

    return firewall(say, once=options.once)


def service(options: argparse.Namespace) -> int:
    """The hub from the logon on."""
    from ..service import service

    code = service(options.action, options.settings, say)
    # What the system starts at logon: its settings are in force now, the rest is as ever.
    return run(argparse.Namespace(no_browser=True, given=options.given)) if options.action == "run" else code


def flash(options: argparse.Namespace) -> int:
    """The firmware on a board over USB."""
    from ..core import files
    from ..flash import Flash, Wanted, listing, no_board, settings

    if options.list:
        found = listing()
        for port in found:
            say(f"{port.device}  {port.kind or port.said}")
        if not found:
            say(str(no_board()))
        return 0
    given = settings(
        wifi=options.wifi, password=options.password, token=options.token, hub=options.hub, name=options.name
    )
    folders = [Path.cwd(), files.firmware()]
    Flash(
        Wanted(files.firmware(), folders, options.port, options.image, given, options.keep, options.source),
        say,
    ).run()
    return 0


def probe(arguments: list[str]) -> int:
    """One virtual probe."""
    from ..server.virtual import run_here

    return run_here(arguments, lambda: core.Settings.from_environ().data_dir)


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
