"""The `temphub` command. Every problem ends in words and an exit code: 0 well, 1 a problem, 2 wrong
arguments."""

import io
import os
import sys
import traceback

from ..core import TempHubError, describe
from . import actions
from .options import parser

# What a shell sees of any program that was stopped by a closed pipe.
NOBODY_READS = 141


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code. Main thread only."""
    try:
        return _work(sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        return _unheard()
    finally:
        _flush()


def _work(given: list[str]) -> int:
    options = None if given[:1] == ["probe"] else parser(given).parse_args(given)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A sign that the console's code page lacks becomes a question mark, not an error.
            stream.reconfigure(errors="replace")
    try:
        if options is None:
            return actions.probe(given[1:])
        options.given = given
        return int(getattr(options, "work", actions.run)(options))
    except BrokenPipeError:
        raise
    # The user's boundary: whatever stops the hub ends in words; only what nobody foresaw also shows its
    # trace.
    except Exception as error:
        if not isinstance(error, TempHubError):
            traceback.print_exc()
        problem, remedy = describe(error)
        sys.stderr.write(f"\nProblem: {problem}\nWhat to do: {remedy}\n")
        return 1


def _flush() -> None:
    """Out with what is said, while it can still be told that nobody listens; the interpreter itself would
    complain at its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        _unheard()


def _unheard() -> int:
    """Whoever read what this command says has gone, as `head` does when it has enough: no problem of the
    user's. The exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return NOBODY_READS
