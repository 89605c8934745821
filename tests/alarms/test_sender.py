"""What sends: by the one module that an address needs, which says the same as all that apprise has."""

import json
import subprocess
import sys
from typing import Any

from alarms.sinks import Ntfy
from support.waiting import wait_for
from temphub_kernel.alarms.telling.sender import PROGRAM, Order, Outcome, Sender

ADDRESSES = [
    "ntfy://user:pass@127.0.0.1:8080/cold-room",
    "ntfy://user:pass@127.0.0.1:8080/#topic?priority=high",
    "mailto://user:pass@example.com?smtp=mail.example.com&from=hub@example.com&to=anna@example.org",
    "mailtos://user:pass@gmail.com",
    "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
    "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "json://user:pass@127.0.0.1:8000/path?+X-Key=secret",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
]


OTHERS = ["", "apprise.plugins.nothing", "os", "apprise.plugins.slack", "apprise.plugins"]
# In a process of its own: apprise is no part of a hub's, and reads what Python gives up.
SCRIPT = """
import json, runpy, sys
sender = runpy.run_path(sys.argv[1])
asked = json.loads(sys.argv[2])
told = [sender["answer"]({"no": 1, **order}) for order in asked]
print(json.dumps([told, sum(name.startswith("apprise.plugins.") for name in sys.modules)]))
"""


def answers(*orders: dict[str, str]) -> tuple[list[dict[str, Any]], int]:
    """What a process answers, and how many modules of services it has loaded for that."""
    command = [sys.executable, "-P", "-c", SCRIPT, str(PROGRAM), json.dumps(orders)]
    told, loaded = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    return told, loaded


def test_an_address_is_the_same_by_its_module_as_by_all_of_apprise() -> None:
    """What is kept of a channel lets the sender load its module instead of 190, and leads to the very same
    place; a module that does not fit, of another version of apprise or a file that somebody edited, costs
    time and no message."""
    known, loaded = answers(*({"url": url} for url in ADDRESSES))
    assert all(one["ok"] and one["module"].startswith("apprise.plugins.") for one in known) and loaded > 100
    again, loaded = answers(
        *({"url": url, "module": one["module"]} for url, one in zip(ADDRESSES, known, strict=True))
    )
    assert again == known
    # But the address that a service itself shows is for all of apprise to recognise.
    own = [(url, one) for url, one in zip(ADDRESSES, known, strict=True) if not url.startswith("https:")]
    again, loaded = answers(*({"url": url, "module": one["module"]} for url, one in own))
    assert again == [one for _, one in own] and loaded < 40
    odd, _ = answers(*({"url": ADDRESSES[0], "module": module} for module in OTHERS))
    assert odd == [known[0]] * len(OTHERS)


def test_a_sender_that_was_made_ready_sends(ntfy: Ntfy) -> None:
    """Started with the modules of all channels, also of one that nobody knows any more, it sends, and tells
    which module did."""
    sender, ended = Sender(), dict[str, Outcome]()
    try:
        sender.start(["apprise.plugins.ntfy", "apprise.plugins.gone", ""])
        sender.send("Phone", Order(ntfy.url(), "title", "body", module="apprise.plugins.ntfy"))
        wait_for(lambda: ended.update(sender.ended(1.0)) or ended, 60)
    finally:
        sender.close()
    assert (
        ntfy.titles() == ["title"] and ended["Phone"].ok and ended["Phone"].module == "apprise.plugins.ntfy"
    )
