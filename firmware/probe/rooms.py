"""Parts of the program that are in memory only while they are needed, as a board has little of it. One event loop, no locks.

Such a part is imported inside the function that needs it and given up afterwards.
"""

import gc
import os
import sys

# CPython has memory enough, and would only be surprised by classes that come twice.
_SMALL = sys.implementation.name == "micropython"


def give_up(*names):
    """Forget modules such as "probe.page": the next import loads them anew. Who still uses one keeps it until it is done."""
    if not _SMALL:
        return
    for name in names:
        if sys.modules.pop(name, None):
            package, last = name.rsplit(".", 1)
            # A package remembers its modules as well.
            delattr(sys.modules[package], last)
    gc.collect()


def first_broken(package="probe"):
    """Load every part once: a sentence about the first one that does not load, else None. Some tenths of a second on a board.

    Without this a firmware on trial would be kept although the set-up page, for instance, is broken.
    """
    file = sys.modules[package].__file__
    for entry in sorted(os.listdir(file[: max(file.rfind("/"), file.rfind("\\"))])):
        stem, _, ending = entry.partition(".")
        if stem.startswith("__") or ending not in ("", "py", "mpy"):
            continue
        name = package + "." + stem
        known = name in sys.modules
        try:
            __import__(name)
        except Exception as error:
            return f"{name} cannot be loaded: {error!r}."
        problem = None if ending else first_broken(name)
        if problem:
            return problem
        if not known:
            give_up(name)
    return None
