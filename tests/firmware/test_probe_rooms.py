"""probe/rooms.py and rooms_check.py"""

import gc
import os
import sys

from probe.rooms import give_up
from probe.rooms_check import first_broken
from probe_harness import Folder

SMALL = sys.implementation.name == "micropython"


def _write(folder, name, text):
    with open(folder + "/" + name, "w") as file:
        file.write(text)


def test_a_part_that_was_given_up_is_loaded_anew():
    """On MicroPython its memory comes back; whoever still holds it keeps what works; CPython keeps it as it
    is."""
    from probe import page

    give_up("probe.page")
    assert ("probe.page" in sys.modules) is not SMALL
    assert page.plain("<") == "&lt;"
    from probe import page as again

    assert (again is page) is not SMALL and again.plain("<") == "&lt;"
    give_up("probe.page", "probe.no_such_part")


def test_giving_up_gives_the_memory_back():
    """Loading a page a hundred times costs no more than loading it once."""
    if not SMALL:
        assert not hasattr(gc, "mem_alloc")
        return
    used = []
    for _ in range(100):
        from probe.page import plain

        assert plain("&") == "&amp;"
        del plain
        give_up("probe.page")
        used.append(gc.mem_alloc())
    assert max(used[10:]) - min(used[10:]) < 2000


def test_every_part_of_the_firmware_loads():
    """What is loaded only now and then as well, such as the set-up page and the update."""
    assert first_broken() is None
    assert SMALL or {"probe.portal_desk", "probe.sensors.spi"} <= set(sys.modules)


def test_a_part_that_does_not_load_is_named():
    """Also when it lies in a folder of its own."""
    with Folder() as folder:
        os.mkdir(folder + "/rooms_a")
        os.mkdir(folder + "/rooms_a/b")
        _write(folder, "rooms_a/__init__.py", "")
        _write(folder, "rooms_a/fine.py", "x = 1\n")
        _write(folder, "rooms_a/b/__init__.py", "")
        _write(folder, "rooms_a/b/bad.py", "import no_such_thing\n")
        sys.path.insert(0, folder)
        try:
            import rooms_a

            assert rooms_a.__file__
            assert "rooms_a.b.bad" in first_broken("rooms_a") and "no_such_thing" in first_broken("rooms_a")
        finally:
            sys.path.remove(folder)
            for name in [name for name in sys.modules if name.split(".")[0] == "rooms_a"]:
                del sys.modules[name]
            for name in ("b/bad.py", "b/__init__.py", "fine.py", "__init__.py"):
                _remove(folder + "/rooms_a/" + name)


def _remove(path):
    folder = path[: path.rfind("/")]
    for entry in os.listdir(folder):
        if entry == "__pycache__":
            for name in os.listdir(folder + "/" + entry):
                os.remove(folder + "/" + entry + "/" + name)
            os.rmdir(folder + "/" + entry)
    os.remove(path)
    if not os.listdir(folder):
        os.rmdir(folder)
