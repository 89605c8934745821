"""Sensors behind a bus of two or three methods: no pins in here, so that every chip is tested on a PC.

A source is an object with `kind`, `samples`, `combine`, `max_step_c` and `async read()` -> [(key, units,
quality, cold)], with `chip` behind it where the chip itself says another number: `cold` is its own
temperature or None. Temperatures are whole units of 2**-12 °C (see reading.py).
`key` names one sensor for ever (a ROM id, a pin); None is the board's own. A value and a quality together:
measured, but doubtful.
"""
