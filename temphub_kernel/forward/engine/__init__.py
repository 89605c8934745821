"""Passing readings on to a time-series engine: Influx line protocol over HTTP, checked by reading back.

What an engine acknowledges it has not always kept, and what it refuses it may have stored in part; so nothing
here goes by a status alone.
"""
