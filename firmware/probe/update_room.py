"""Room in the spare slot for a newer firmware; loaded for that alone, once its list of files has come."""

import os

from probe.update_files import LIST

# Left free for the outbox and the settings.
RESERVE = 16384


def make_room(place, wanted):
    """Remove what the new firmware does not have, make its folders; `place`: see update_files.py;
    `wanted(name)` knows. OSError when it will not fit."""
    disk, root = place.disk, place.root
    _prune(disk, root, "", wanted)
    missing = 0
    for name, size, _ in place.rows():
        try:
            os.stat(root + "/" + name)
        except OSError:
            missing += size
            at = name.find("/")
            while at > 0:
                _make_folder(disk, root + "/" + name[:at])
                at = name.find("/", at + 1)
    free = _free(root)
    if free is not None and free < missing + RESERVE:
        raise OSError(f"the update needs {missing + RESERVE} bytes of storage, and {free} are free")


def _make_folder(disk, path):
    try:
        disk.mkdir(path)
    except OSError:
        # There already; if it is not, the first file in it will say so.
        pass


def _prune(disk, root, folder, wanted):
    for entry in sorted(disk.listdir(root + "/" + folder if folder else root)):
        name = folder + "/" + entry if folder else entry
        if os.stat(root + "/" + name)[0] & 0x4000:
            _prune(disk, root, name, wanted)
        elif name != LIST and not wanted(name):
            disk.remove(root + "/" + name)


def _free(path):
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(path)
    return found[1] * found[4]
