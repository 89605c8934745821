"""This Python's libraries, the program and the tests, compiled before anybody waits for them.

Main thread, before there are others.
"""

import compileall
import importlib.util
import multiprocessing
import sys
import sysconfig
import types
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from importlib.abc import Loader
from pathlib import Path

from temphub_kernel.core.files import PACKAGE

TESTS = Path(__file__).parents[1]


def compile_all() -> None:
    """Compile what is not, on all cores, which pip would do on one: libraries come without. A Python that was
    told to write no bytecode would read some thousand sources anew in each process: a hub starts three times
    as slowly then, and takes a tenth more memory."""
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    for folder in (*folders, PACKAGE, TESTS / "support"):
        compileall.compile_dir(folder, quiet=2, workers=0)


def rewrite_all(loader: Loader) -> None:
    """Have pytest's `loader` rewrite the assertions of all that workers will load with it, on all cores, and
    keep it as bytecode: they find it done. Each of them would do it anew, all at the same time."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return
    loaded = [
        module for module in list(sys.modules.values()) if getattr(module, "__loader__", None) is loader
    ]
    plugins = {Path(module.__file__) for module in loaded if module.__file__}
    files = {*plugins, *TESTS.rglob("test_*.py"), *TESTS.rglob("conftest.py")}
    largest_first = sorted(files, key=lambda path: path.stat().st_size, reverse=True)
    # Forked: a loader cannot be sent.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(mp_context=fork, initializer=_begin, initargs=(loader,)) as pool:
        list(pool.map(_rewrite_file, largest_first, chunksize=4))


def rewrite(loader: Loader, path: Path) -> None:
    """One of these files: written as bytecode where this Python may write it, not run."""
    module = types.ModuleType(path.stem)
    module.__spec__ = importlib.util.spec_from_file_location(path.stem, path, loader=loader)
    # A loader runs what it has written; without builtins that ends at the first import.
    module.__dict__["__builtins__"] = {}
    with suppress(Exception):
        loader.exec_module(module)


_loaders: list[Loader] = []


def _begin(loader: Loader) -> None:
    _loaders.append(loader)
    sys.dont_write_bytecode = False


def _rewrite_file(path: Path) -> None:
    rewrite(_loaders[0], path)
