"""Readings as few bytes, without any loss: blocks as packs, many blocks as segments."""
