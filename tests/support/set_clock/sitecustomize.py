"""Read by Python itself at its start, where this folder is on PYTHONPATH: the wall clock of a hub and of its
kernels, set to a moment of a test's choice and running from there. Only the clock that `core/clock.py` asks;
timers go on as ever."""

import os
import time

_real_ns, _ahead_ns = time.time_ns, int(os.environ.get("CLOCK_AHEAD_MS", "0")) * 1_000_000
time.time_ns = lambda: _real_ns() + _ahead_ns
