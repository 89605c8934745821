"""The file of the settings: read at the start, replaced as a whole when one changes. Loaded for that."""

import json
import os

from probe import address, settings_check

# CPython on Windows renames onto an existing file only with replace(); MicroPython has only rename(), which
# does replace.
_replace = getattr(os, "replace", os.rename)


def load(path):
    """What was saved, {} when there is nothing; ValueError or Refused when it cannot be used."""
    _remove(path + ".new")
    try:
        with open(path) as file:
            values = json.load(file)
    except OSError:
        return {}
    settings_check.check(values)
    if "told" in values and _base(values["told"]) != values.get("server_url"):
        # Since then another firmware was told another base.
        values.pop("told")
    return values


def update(path, before, checked):
    """Save `before` with the `checked` values in it, and give all that. OSError leaves the file as it was."""
    saved = dict(before)
    saved.update(checked)
    if "server_url" in checked:
        saved["told"] = checked["server_url"]
        saved["server_url"] = _base(saved["told"])
    if saved != before:
        _write(path, json.dumps(saved))
    return saved


def _base(url):
    try:
        host, port, path = address.base(url)
        return f"http://{host}:{port}{path}"
    except ValueError:
        return ""


def _write(path, text):
    # Written aside and renamed: a power cut leaves the old file or the new one, never half of one.
    try:
        with open(path + ".new", "w") as file:
            file.write(text)
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())
        _replace(path + ".new", path)
    except OSError:
        _remove(path + ".new")
        raise


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass
