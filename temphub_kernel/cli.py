"""The `temphub` command. Every problem ends in words and an exit code: 0 well, 1 a problem, 2 wrong arguments."""

import argparse
import subprocess
import sys
import traceback

from ._version import __version__
from .base.errors import TempHubError, describe


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code. Main thread only."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["probe"]:
        return _probe(given[1:])
    options = _parser().parse_args(given)
    try:
        from .base.settings import Settings
        from .server.run import run

        return run(Settings.from_environ(), browser=not options.no_browser, probes=getattr(options, "probes", 0))
    # The user's boundary: whatever stops the hub ends in words; only what nobody foresaw also shows its trace.
    except Exception as error:
        if not isinstance(error, TempHubError):
            traceback.print_exc()
        problem, remedy = describe(error)
        sys.stderr.write(f"\nProblem: {problem}\nWhat to do: {remedy}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
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
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 200:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of probes; give a whole number from 1 to 200")
    return int(text)


def _probe(arguments: list[str]) -> int:
    from .server.virtual import probe_command

    try:
        return subprocess.call(probe_command(arguments))
    except KeyboardInterrupt:
        return 0
