"""Read by Python itself at its start, where this folder is on PYTHONPATH: the wall clock of a hub and of its
kernels, set to a moment of a test's choice and running from there, CLOCK_SLOWER times as slowly as others
since CLOCK_SINCE_MS. Only the clock that `core/clock.py` asks; timers go on as ever."""

import os
import time

_real_ns, _ahead_ns = time.time_ns, int(os.environ.get("CLOCK_AHEAD_MS", "0")) * 1_000_000
_since_ns = int(os.environ.get("CLOCK_SINCE_MS", "0")) * 1_000_000
_slower = int(os.environ.get("CLOCK_SLOWER", "1"))
time.time_ns = lambda: _since_ns + (_real_ns() - _since_ns) // _slower + _ahead_ns
