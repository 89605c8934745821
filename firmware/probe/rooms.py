"""Parts of the program that are in memory only while they are needed, as a board has little of it. One event
loop, no locks.

Such a part is imported inside the function that needs it and given up afterwards.
"""

import gc
import sys

# CPython has memory enough, and would only be surprised by classes that come twice.
_SMALL = sys.implementation.name == "micropython"


def give_up(*names):
    """Forget modules such as "probe.page": the next import loads them anew. Who still uses one keeps it until
    it is done."""
    if not _SMALL:
        return
    for name in names:
        if sys.modules.pop(name, None):
            package, last = name.rsplit(".", 1)
            # A package remembers its modules as well.
            delattr(sys.modules[package], last)
    gc.collect()


def words(name, *values):
    """The sentence of that name, see words.py, with the values in it. They lie on the flash: most are never
    said."""
    from probe import words as part

    try:
        return part.SAID[name].format(*values)
    finally:
        give_up("probe.words")
