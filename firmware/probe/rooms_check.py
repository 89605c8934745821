"""Whether every part of this firmware can be loaded; asked once, at the end of an update's trial."""

import os
import sys

from probe.rooms import give_up


def first_broken(package="probe"):
    """Load every part once: a sentence about the first one that does not load, else None. Some tenths of a
    second on a board.

    Without this a firmware on trial would be kept although the set-up page, for instance, is broken.
    """
    file = sys.modules[package].__file__
    for entry in sorted(os.listdir(file[: max(file.rfind("/"), file.rfind("\\"))])):
        stem, _, ending = entry.partition(".")
        if stem.startswith("__") or ending not in ("", "py", "mpy"):
            continue
        name = package + "." + stem
        known = set(sys.modules)
        try:
            __import__(name)
        except Exception as error:
            return f"{name} cannot be loaded: {error!r}."
        problem = None if ending else first_broken(name)
        if problem:
            return problem
        # With what it brought along: one part at a time is in memory.
        give_up(*[other for other in sys.modules if other not in known and "." in other])
    return None
