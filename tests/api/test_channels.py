"""The ways out by which alarms are told, over real HTTP, with what sends in its process."""

import json
import os

from alarms.sinks import PASSWORD
from temphub_kernel.alarms import Channels
from temphub_kernel.alarms.telling.sender import Outcome


def test_a_channel_is_added_tested_and_removed_and_its_secret_never_shown(hub, ntfy, data_dir):
    """What is added sends, is listed without its secret, is in no answer, log or journal with it, and is
    forgotten when removed."""
    status, added = hub.ask("POST", "/api/channels", {"name": "Anna", "url": ntfy.url()})
    assert status == 200 and added["kind"] == "ntfy" and PASSWORD not in json.dumps(added), added
    status, told = hub.ask("POST", "/api/channels/test", {"name": "Anna"})
    assert (
        status == 200
        and "ntfy took the test by Anna" in told["told"]
        and ntfy.titles() == ["TempHub: a test"]
    )
    (listed,) = hub.ask("GET", "/api/channels")[1]["channels"]
    assert listed == {
        **{name: added[name] for name in ("name", "kind", "shown")},
        "waiting": 0,
        "failing": 0,
        "problem": "",
    }
    kept = data_dir / "temphub.channels.json"
    assert PASSWORD in kept.read_text() and (os.name != "posix" or kept.stat().st_mode & 0o777 == 0o600)
    others = [path for path in data_dir.iterdir() if path.is_file() and path != kept]
    assert len(others) > 1 and not [path for path in others if PASSWORD.encode() in path.read_bytes()]
    assert Channels(data_dir).names() == ["Anna"], "a restart knows it"
    assert hub.ask("POST", "/api/channels", {"remove": "Anna"}) == (200, {"ok": True, "name": "Anna"})
    assert hub.ask("GET", "/api/channels")[1]["channels"] == [] and PASSWORD not in kept.read_text()


def test_what_a_service_refuses_is_said_in_its_words_without_the_secret(hub, ntfy):
    """A wrong password is 502 with the service's own words, and names no secret; an unknown channel is
    404."""
    hub.channels.add("Anna", ntfy.url("wr0ng-password"), Outcome(True, kind="ntfy", shown="ntfy://…"))
    status, answer = hub.ask("POST", "/api/channels/test", {"name": "Anna"})
    assert (
        (status, answer["error"]) == (502, "not_told")
        and "error=401" in answer["problem"]
        and "wr0ng" not in json.dumps(answer)
    )
    assert hub.ask("POST", "/api/channels/test", {"name": "Bert"})[1]["error"] == "unknown_channel"
    assert hub.ask("POST", "/api/channels", {"remove": "Bert"})[0] == 404


def test_what_is_no_address_is_refused_without_repeating_it(hub):
    """An address that apprise does not know, or that is none, is refused, not kept, and not repeated in the
    answer."""
    for url in ("nothing://s3cret-word", "s3cret-word", "", 7, "ntfy://" + "s3cret-word" * 200):
        status, answer = hub.ask("POST", "/api/channels", {"name": "Anna", "url": url})
        assert (status, answer["error"]) == (400, "bad_url") and "s3cret" not in json.dumps(answer)
    assert (
        hub.ask("POST", "/api/channels", {"name": " ", "url": "ntfy://ntfy.sh/a"})[1]["error"] == "bad_name"
    )
    assert hub.ask("GET", "/api/channels")[1]["channels"] == []


def test_who_may_not_change_anything_may_not_here(make_hub, ntfy):
    """With a token in force a channel is added and tested by those only who show it."""
    hub = make_hub(token="right")
    assert hub.ask("POST", "/api/channels", {"name": "Anna", "url": ntfy.url()})[0] == 401
    assert hub.ask("POST", "/api/channels/test", {"name": "Anna"})[0] == 401
    assert hub.ask("POST", "/api/channels/test", {"name": "Anna", "token": "right"})[0] == 404


def test_a_damaged_file_is_put_aside(data_dir):
    """A file that cannot be read is kept under another name, and there are no channels then."""
    (data_dir / "temphub.channels.json").write_text('{"channels": [{"name": "Anna"')
    channels = Channels(data_dir)
    assert channels.names() == [] and (data_dir / channels.damaged).exists() and "damaged" in channels.damaged
