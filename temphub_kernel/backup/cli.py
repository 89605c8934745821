"""`temphub backup` and `temphub restore` as typed. Main thread only."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from ..core import Settings, now_ms, startup
from . import container, restore, write

Say = Callable[[str], object]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `temphub backup`."""
    told = "a file, or a folder in which it gets a name of its own; BACKUP_DIR, else this folder, by default"
    parser.add_argument("file", nargs="?", default="", metavar="FILE", help=told)
    parser.add_argument(
        "--list", action="store_true", help="say what is in a back-up, and whether it is whole"
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")


def add_restore_options(parser: argparse.ArgumentParser) -> None:
    """The options of `temphub restore`."""
    parser.add_argument("file", metavar="FILE", help="a back-up; it is put into DATA_DIR")
    told = "although there are readings or keys already, which are set aside in a folder within"
    parser.add_argument("--over", action="store_true", help=told)


def run(settings: Settings, options: argparse.Namespace, say: Say) -> int:
    """Make a back-up, or say what is in one; the exit code. Raises TempHubError."""
    if options.list:
        say(container.verify(Path(options.file)).words())
        say("All of it was read and is as the manifest says.")
        return 0
    target = Path(options.file or settings.backup_dir or ".").absolute()
    if target.is_dir():
        container.drop_left(target)
        target /= container.file_name(settings.data_dir, now_ms())
    in_force = startup.in_force(settings.data_dir, os.environ)
    made = write.make(settings.data_dir, target, in_force, say, force=options.force)
    container.note_made(settings.data_dir, *made)
    say(f"{made.path} ({made.size / 1e6:,.1f} MB), written and read again.")
    say(made.manifest.words())
    say("It holds the hub's keys and passwords: keep it as you keep a key.")
    return 0


def run_restore(settings: Settings, options: argparse.Namespace, alone: Callable[[], bool], say: Say) -> int:
    """Put a back-up into the data folder; the exit code. alone: whether no hub runs there, and none will.
    Raises TempHubError."""
    folder = settings.data_dir
    done = restore.restore(Path(options.file), folder, settings.csv_file, alone, over=options.over)
    say(done.manifest.words())
    say(f"All of it was checked and is in {folder} now.")
    for line in _told(done, settings):
        say(line)
    return 0


def _told(done: restore.Restored, settings: Settings) -> list[str]:
    """What a person should know of it."""
    lines = []
    if done.aside is not None:
        lines.append(f"What was there before lies in {done.aside}; remove it when you need it no more.")
    if done.settings:
        lines.append(
            f"Settings in force from now on, unless they are set otherwise: {', '.join(done.settings)}."
        )
    for name, text in done.left_out.items():
        lines.append(f"{name} was {text}, which is not on this computer: set it anew if you need it.")
    if not settings.csv_file.exists():
        lines.append(
            f"The CSV log {settings.csv_file} begins anew; `temphub export --rebuild-csv` writes all of it."
        )
    lines.append(
        "Start the hub: its probes come by themselves. The hub that this was copied from must not run any "
        "more, "
        "or readings go into two journals."
    )
    return lines
