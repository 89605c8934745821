"""Reads InfluxDB's line protocol, as its public reference has it, from standard input; each point goes to
standard output as a line of JSON {"measurement", "tags", "fields", "time"}. What is not to the letter ends it
with exit code 1.

measurement[,tag=value…] field=value[,field=value…] [timestamp]. Commas and spaces in measurements, and
commas, equals signs and spaces in tags and field keys, stand behind a backslash; texts in double quotes, with
backslashes before quotes and backslashes; integers end in i or u, all other numbers are floats.
"""

import json
import re
import sys

FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
WHOLE = re.compile(r"([+-]?[0-9]+)[iu]")
TRUE, FALSE = {"t", "T", "true", "True", "TRUE"}, {"f", "F", "false", "False", "FALSE"}


def cut(text, ends, escaped):
    """(what stands before the first bare sign of `ends`, that sign or nothing, what follows)."""
    found, at = [], 0
    while at < len(text):
        sign = text[at]
        if sign == "\\" and at + 1 < len(text) and text[at + 1] in escaped:
            found.append(text[at + 1])
            at += 2
            continue
        if sign in ends:
            return "".join(found), sign, text[at + 1 :]
        found.append(sign)
        at += 1
    return "".join(found), "", ""


def value(text):
    """(a field's value, what follows it)."""
    if text.startswith('"'):
        found, at = [], 1
        while text[at] != '"':
            at += text[at] == "\\" and text[at + 1] in '"\\'
            found.append(text[at])
            at += 1
        return "".join(found), text[at + 1 :]
    end = min((text.find(sign) for sign in ", " if sign in text), default=len(text))
    word, rest = text[:end], text[end:]
    if met := WHOLE.fullmatch(word):
        return int(met[1]), rest
    if FLOAT.fullmatch(word):
        return float(word), rest
    if word in TRUE | FALSE:
        return word in TRUE, rest
    raise ValueError(f"no value of a field: {word!r}")


def point(line):
    measurement, sign, rest = cut(line, ", ", ", ")
    tags, fields = {}, {}
    while sign == ",":
        key, equals, rest = cut(rest, "=, ", ",= ")
        text, sign, rest = cut(rest, ", =", ",= ")
        if equals != "=" or not key or not text or sign == "=" or key in tags:
            raise ValueError(f"no tag: {key!r}")
        tags[key] = text
    if not measurement or measurement.startswith("_") or sign != " ":
        raise ValueError("no measurement, or no field")
    while True:
        key, equals, rest = cut(rest, "=, ", ",= ")
        if equals != "=" or not key:
            raise ValueError(f"no field: {key!r}")
        fields[key], rest = value(rest)
        if not rest.startswith(","):
            break
        rest = rest[1:]
    stamp = rest.strip(" ")
    if stamp and not re.fullmatch(r"-?[0-9]{1,19}", stamp):
        raise ValueError(f"no time: {stamp!r}")
    return {
        "measurement": measurement,
        "tags": tags,
        "fields": fields,
        "time": int(stamp) if stamp else None,
    }


def main():
    for line in sys.stdin.buffer.read().decode("utf-8", "strict").split("\n"):
        if line and not line.startswith("#"):
            print(json.dumps(point(line)))


if __name__ == "__main__":
    main()
