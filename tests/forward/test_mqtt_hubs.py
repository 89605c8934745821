"""Several hubs at one MQTT broker, and one that comes back: whose is what, with Debian's mosquitto as the
broker."""

import json
from collections.abc import Callable

from forward.conftest import statuses
from support.waiting import wait_for
from temphub_kernel.forward.mqtt import Mqtt

CONFIG = "homeassistant/sensor/temphub/Cold-1/config"
STATE = "temphub/Cold-1/state"
PRESENCE = "temphub/Cold-1/availability"


def test_two_hubs_share_a_broker_by_different_topics(
    journal, broker, listener, start: Callable[..., Mqtt]
) -> None:
    """The topic in MQTT_URL keeps a second hub's sensors apart."""
    start(broker.url + "/lab/two")
    journal.add(7.0)
    config = listener.waits("homeassistant/sensor/lab_2f_two/Cold-1/config", lambda value: bool(value))
    assert config["unique_id"] == "lab_2f_two_Cold-1" and config["state_topic"] == "lab/two/Cold-1/state"
    listener.waits("lab/two/Cold-1/state", lambda value: value["temperature_c"] == 7.0)


def test_the_last_will_of_a_dead_session_is_contradicted(
    journal, listener, start: Callable[..., Mqtt]
) -> None:
    """The computer lost power and is back before the broker noticed: the old session's will comes after our
    `online`, and is answered."""
    start()
    (topic,) = wait_for(lambda: statuses(listener, "online"))
    listener.all.clear()
    listener.say(topic, "offline", retain=True)
    wait_for(lambda: [value for heard, value in listener.all if heard == topic] == ["offline", "online"])


def test_a_hub_keeps_its_name_and_takes_its_own_session_over(
    journal, listener, start: Callable[..., Mqtt]
) -> None:
    """Started again, the hub is the same client under the same topic, so the broker ends its dead session at
    once."""
    first = start()
    (topic,) = wait_for(lambda: statuses(listener, "online"))
    assert first.stop()
    listener.waits(topic, "offline")
    again = start()
    listener.waits(topic, "online")
    client = again._broker._client
    assert client is not None and client._client_id == f"temphub-{topic.rpartition('/')[2]}".encode()


def test_two_hubs_on_one_broker_do_not_disturb_each_other(
    journal, second, broker, listener, start: Callable[..., Mqtt]
) -> None:
    """With the default topic each hub has a status of its own: the one that stops makes only its own probes
    unavailable."""
    start()
    other = Mqtt(broker.url, second.path, second.writer, every_s=0.02, look_s=0.1, reconnect_s=1)
    other.start()
    journal.add(1.0)
    second.add(2.0, probe_id="Other")
    mine = listener.waits(CONFIG, bool)["availability"][0]["topic"]
    theirs = listener.waits("homeassistant/sensor/temphub/Other/config", bool)["availability"][0]["topic"]
    assert mine != theirs and sorted(
        wait_for(lambda: len(found := statuses(listener, "online")) == 2 and found)
    ) == sorted([mine, theirs])
    assert other.stop()
    listener.waits(theirs, "offline")
    journal.add(3.0)
    listener.waits(STATE, lambda value: value["temperature_c"] == 3.0)
    assert listener.last[mine] == "online" and listener.last[CONFIG]


def test_two_hubs_that_pass_on_the_same_probe_are_told(
    journal, second, broker, start: Callable[..., Mqtt]
) -> None:
    """Both hubs record a probe and use one topic: that is said with the remedy, and is over when one of them
    is gone."""
    first = start()
    other = Mqtt(broker.url, second.path, second.writer, every_s=0.02, look_s=0.1, reconnect_s=1)
    other.start()
    journal.add(1.0)
    wait_for(lambda: "Cold-1" in first._announced)
    second.add(2.0)
    wait_for(lambda: "Another hub passes Cold-1 on" in first.state().problem)
    assert (
        "topic of its own" in first.state().remedy
        and "pa ss" not in first.state().problem + first.state().remedy
    )
    assert other.stop()
    wait_for(lambda: not first.state().problem)


def test_what_an_older_data_folder_told_is_taken_back(
    journal, second, broker, listener, start: Callable[..., Mqtt]
) -> None:
    """A probe that only an older data folder of this computer knew, and one told by a hub up to 0.3, do not
    stay with their last value."""
    old = Mqtt(broker.url, second.path, second.writer, every_s=0.02, look_s=0.1, reconnect_s=1)
    old.start()
    second.add(2.0, probe_id="Gone")
    gone = "homeassistant/sensor/temphub/Gone/config"
    listener.waits(gone, bool)
    assert old.stop()
    ancient = "homeassistant/sensor/temphub/Ancient/config"
    availability = [{"topic": "temphub/status"}, {"topic": "temphub/Ancient/availability"}]
    listener.say(
        ancient, json.dumps({"availability": availability, "origin": {"name": "TempHub"}}), retain=True
    )
    listener.say("temphub/status", "online", retain=True)
    strange = "homeassistant/sensor/temphub/Strange/config"
    listener.say(
        strange, json.dumps({"availability_topic": "x", "origin": {"name": "somebody"}}), retain=True
    )
    listener.waits(strange, bool)
    start()
    journal.add(1.0)
    listener.waits(CONFIG, bool)
    for topic in (gone, ancient, "temphub/status"):
        listener.waits(topic, "")
    assert listener.last[strange] and listener.last[CONFIG]
