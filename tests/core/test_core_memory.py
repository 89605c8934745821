"""What is free inside a process goes back to the system."""

import os
import subprocess
import sys

import pytest

FREED = """
import psutil
from temphub_kernel.core import release_memory

def mb(): return psutil.Process().memory_info().rss / 1e6

held = [bytes(2000) for _ in range(40_000)]
last = held[-1]
most = mb()
del held
kept = mb()
release_memory()
print(most, kept, mb())
"""


def test_what_was_freed_is_no_longer_taken_up():
    """80 MB that a process is done with leave it at once, though its C library would keep them for later."""
    if sys.platform != "linux":
        pytest.skip("only glibc keeps it")
    done = subprocess.run(
        [sys.executable, "-c", FREED],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MALLOC_TOP_PAD_": "1000000000"},
    )
    most, kept, left = map(float, done.stdout.split())
    assert kept > most - 10
    assert left < most - 60


GROWN = """
import psutil
from temphub_kernel.core import Grown, processes

def mb(): return psutil.Process().memory_info().rss / 1e6

processes.EVERY_S = 0.0
memory, least = Grown(), mb()
held = [bytes(2000) for _ in range(40_000)]
last = held[-1]
assert memory.look() and mb() > least + 60
assert not memory.look(), "nothing came of it, and it has not grown"
del held
held = [bytes(2000) for _ in range(60_000)]
last = held[-1]
del held
assert memory.look() and memory.look() and not memory.look()
print(mb() - least)
"""


def test_a_process_gives_back_what_it_needed_for_a_while():
    """Grown, it lets go of what is free, again once that was in use still, and then no more."""
    if sys.platform != "linux":
        pytest.skip("only glibc keeps it")
    env = {**os.environ, "MALLOC_TOP_PAD_": "1000000000"}
    done = subprocess.run([sys.executable, "-c", GROWN], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 20
