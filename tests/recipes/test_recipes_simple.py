"""docs/own-probe.md, executed out of the document itself: the shell, Tasmota's rule, ESPHome's request and
Node-RED's nodes."""

import http.client
import json
import os
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from recipes.conftest import ADDRESS, DOCUMENT, TOKEN, Receiver, block, blocks
from support.waiting import PATIENCE_S, cannot

Start = Callable[..., Receiver]


def send(url: str, headers: dict[str, str], body: str) -> tuple[int, Any]:
    """One POST as the devices make it."""
    at = urllib.parse.urlsplit(url)
    line = http.client.HTTPConnection(at.netloc, timeout=PATIENCE_S)
    line.request("POST", at.path, body.encode(), headers)
    reply = line.getresponse()
    answer = reply.status, json.loads(reply.read())
    line.close()
    return answer


@pytest.mark.parametrize("token", ["", TOKEN])
def test_the_shell_sends_every_sensor_of_a_raspberry_pi(receiver: Start, tmp_path: Path, token: str) -> None:
    """The script as it stands sends each DS18B20 under its own id, below zero and with a decimal comma too,
    with and without a token."""
    hub = receiver(**({"SERVER_TOKEN": token} if token else {}))
    for name, text in (("28-0316a2f9e1ff", "21812\n"), ("28-0000000000aa", "-62\n"), ("28-0000000000bb", "")):
        (tmp_path / "w1" / name).mkdir(parents=True)
        (tmp_path / "w1" / name / "temperature").write_text(text)
    env = {
        **os.environ,
        "HUB": f"{hub.base}/api/ingest",
        "SENSORS": str(tmp_path / "w1"),
        "TOKEN": token,
        "LC_NUMERIC": "de_DE.UTF-8",
    }
    shells = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]
    assert shells
    for shell in shells:
        command = [shell, *(["sh"] if shell == "busybox" else []), "-c", block("A shell with curl", "sh")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout.split() == ['{"ok":true}'] * 2, done
    assert set(hub.stored("28-0316a2f9e1ff")) == {21.812} and set(hub.stored("28-0000000000aa")) == {-0.062}
    assert hub.stored("28-0000000000bb") == [], "a sensor that says nothing is passed over"


def web_query(command: str) -> tuple[str, str, dict[str, str], str]:
    """(address, method, headers, body) as Tasmota's `WebQuery` takes them apart: by spaces, then
    [name:value|name:value], then the rest."""
    url, method, rest = command.split(" ", 2)
    if not rest.startswith("["):
        return url, method, {}, rest
    inner, _, body = rest[1:].partition("]")
    # C's strtok passes over separators that follow each other, and what is left keeps its spaces.
    return url, method, dict(pair.split(":", 1) for pair in inner.split("|")), body


def rules() -> list[str]:
    """Tasmota's rules in the document."""
    found = [line for text in blocks("Tasmota", "") for line in text.splitlines() if " ON " in line]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("rule", rules(), ids=["plain", "token"])
def test_tasmotas_rule_is_stored(receiver: Start, rule: str) -> None:
    """What the rule sends is stored as a reading: read as the source of `WebQuery` reads it, with the value
    put in as Tasmota does."""
    with_token = "X-Token" in rule
    hub = receiver(**({"SERVER_TOKEN": "the-SERVER_TOKEN"} if with_token else {}))
    found = re.fullmatch(r"Rule1 ON (\S+) DO WebQuery (.*) ENDON", rule)
    assert found and found[1] == "Tele-DS18B20#Temperature", rule
    # Room for one rule set, whatever else is in it: a rule is cut off in silence.
    assert len(rule) < 500
    url, method, headers, body = web_query(found[2].replace("%value%", "-4.1"))
    assert (
        url == f"{ADDRESS}/api/ingest"
        and method == "POST"
        and (not with_token or headers["X-Token"] == "the-SERVER_TOKEN")
    )
    assert send(url.replace(ADDRESS, hub.base), headers, body) == (200, {"ok": True})
    assert hub.stored("Tasmota-0D01") == [-4.1]


def test_esphomes_request_is_stored(receiver: Start) -> None:
    """Address, headers and body that ESPHome is told to send are stored as a reading, a missing value is
    never sent."""
    hub = receiver(SERVER_TOKEN="the-SERVER_TOKEN")
    device = yaml.safe_load(block("ESPHome", "yaml"))
    (sensor,) = device["sensor"]
    (branch,) = (step["if"] for step in sensor["on_value"]["then"])
    assert branch["condition"]["lambda"] == "return !std::isnan(x);"
    post = branch["then"][0]["http_request.post"]
    body = {}
    for line in post["json"].splitlines():
        name, value = re.fullmatch(r'root\["(\w+)"\] = (.+);', line).groups()
        body[name] = 23.8125 if value == "x" else json.loads(value)
    assert send(post["url"].replace(ADDRESS, hub.base), post["request_headers"], json.dumps(body)) == (
        200,
        {"ok": True},
    )
    assert hub.stored("TempProbe-0C01") == [23.8125]


# The two kinds of nodes that the flow is made of, as Node-RED documents them, and nothing besides.
NODES = """
const flow = JSON.parse(process.argv[1]);
const by = Object.fromEntries(flow.map(node => [node.id, node]));
async function run(id, msg) {
  const node = by[id];
  if (node.type === 'function')
    msg = new Function('msg', 'node', node.func)(msg, {warn: text => console.log('warning: ' + text)});
  else if (node.type === 'http request') {
    const reply = await fetch(node.url, {method: node.method, headers: msg.headers,
      body: JSON.stringify(msg.payload)});
    msg = {...msg, statusCode: reply.status, payload: node.ret === 'obj' ? await reply.json()
      : await reply.text()};
  } else throw new Error(node.type);
  console.log(node.type + ' ' + JSON.stringify(msg.payload));
  for (const next of (node.wires[0] || [])) await run(next, msg);
}
const first = flow.find(node => node.type === 'inject');
run(first.wires[0][0], {payload: Number(first.payload)});
"""


@pytest.mark.parametrize("token", ["", TOKEN, "wrong"])
def test_node_reds_flow_is_stored(receiver: Start, token: str) -> None:
    """The flow's own code and settings, run by Node.js, deliver a reading with its time; a refusal is told in
    its log."""
    if shutil.which("node") is None:
        cannot("node is not installed (Debian: apt-get install nodejs)")
    hub = receiver(**({"SERVER_TOKEN": TOKEN} if token else {}))
    text = (
        block("Node-RED", "json")
        .replace(ADDRESS, hub.base)
        .replace("const token = '';", f"const token = '{token}';")
    )
    done = subprocess.run(
        ["node", "-e", NODES, text], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    if token == "wrong":
        assert "warning: TempHub: 401 " in done.stdout and hub.stored("NodeRed-0E01") == []
    else:
        assert (
            '"ok":true' in done.stdout
            and "ignored" not in done.stdout
            and hub.stored("NodeRed-0E01") == [21.5]
        )


def test_the_five_points_are_the_contract() -> None:
    """How long an id may be and which words there are for a failed sensor is said as the API's contract has
    it."""
    schemas = yaml.safe_load(
        (DOCUMENT.parents[1] / "temphub_kernel" / "api" / "openapi.yaml").read_text(encoding="utf-8")
    )["components"]["schemas"]
    points = DOCUMENT.read_text(encoding="utf-8").split("| Recipe |")[0]
    (most,) = re.findall(r"up to (\d+) letters", points)
    pattern = schemas["ProbeId"]["pattern"]
    signs = re.findall(r"`(.)`", points.split("letters, digits,")[1].split(";")[0])
    assert re.fullmatch(pattern, "a" * int(most)) and not re.fullmatch(pattern, "a" * (int(most) + 1))
    assert all(re.fullmatch(pattern, f"a{sign}") for sign in signs) and len(signs) == 4
    assert (
        re.findall(r"`(\w+)`", points.split('with `"quality"`')[1].split(")")[0])
        == schemas["Quality"]["enum"]
    )
    assert all(f'"{name}"' in points for name in schemas["Reading"]["properties"])


def test_each_recipe_says_how_it_was_tried() -> None:
    """The table names every recipe there is and says of each what was run and what was not."""
    text = DOCUMENT.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.M)
    told = dict(re.findall(r"^\| \[(.+?)\]\(#.*?\) \| .+? \| (.+) \|$", text, re.M))
    assert list(told) == headings and len(headings) == 6
    assert all("real hub" in how or "hub stopped" in how for how in told.values())
