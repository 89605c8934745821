"""Sensors behind a bus of two or three methods: no pins in here, so that every chip is tested on a PC.

A source is an object with `kind`, `samples`, `combine`, `max_step_c` and `async read()` -> [(key, celsius, quality, cold_c)].
`key` names one sensor for ever (a ROM id, a pin); None is the board's own. A value and a quality together: measured, but doubtful.
"""
