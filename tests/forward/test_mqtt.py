"""Home Assistant by MQTT, with Debian's mosquitto as the broker."""

import json
from collections.abc import Callable
from functools import partial

from forward.conftest import statuses
from support.odd_broker import OddBroker
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.forward import topics
from temphub_kernel.forward.mqtt import Mqtt
from temphub_kernel.forward.topics import State
from temphub_kernel.journal import merge, remove, restore, unmerge

CONFIG = "homeassistant/sensor/temphub/Cold-1/config"
STATE = "temphub/Cold-1/state"
PRESENCE = "temphub/Cold-1/availability"


def test_a_probe_appears_in_home_assistant_by_itself(journal, listener, start: Callable[..., Mqtt]) -> None:
    """Name, device, unit, where to listen: one retained message, and the newest reading with it, also one
    from before the start."""
    journal.name("Cold-1", "Cold room 1")
    journal.add(4.0, 4.0625)
    start()
    config = listener.waits(CONFIG, lambda value: value["device"]["name"] == "Cold room 1")
    assert (
        config["state_topic"] == STATE
        and config["unit_of_measurement"] == "°C"
        and config["device_class"] == "temperature"
    )
    assert (
        config["state_class"] == "measurement"
        and config["device"]["sw_version"] == "1.0"
        and config["unique_id"] == "temphub_Cold-1"
    )
    hub, presence = (one["topic"] for one in config["availability"])
    assert hub.startswith("temphub/status/") and presence == PRESENCE and config["availability_mode"] == "all"
    assert config["expire_after"] == 120
    assert listener.waits(STATE, lambda value: value["temperature_c"] == 4.0625)["quality"] is None
    listener.waits(PRESENCE, "online")
    listener.waits(hub, "online")


def test_a_late_reading_never_replaces_a_newer_one(journal, listener, start: Callable[..., Mqtt]) -> None:
    """An hour that a probe delivers later leaves the value shown as it is; a bad reading shows as unknown,
    not as a number."""
    start()
    journal.add(5.0)
    listener.waits(STATE, lambda value: value["temperature_c"] == 5.0)
    journal.add(-40.0, -41.0, ago_ms=3_600_000)
    journal.add(6.0)
    listener.waits(STATE, lambda value: value["temperature_c"] == 6.0)
    shown = [value["temperature_c"] for topic, value in listener.all if topic == STATE]
    assert not {-40.0, -41.0} & set(shown)
    journal.add(None)
    assert listener.waits(STATE, lambda value: value["temperature_c"] is None)["quality"] == "open"


def test_an_old_reading_does_not_make_a_probe_present(journal, listener, start: Callable[..., Mqtt]) -> None:
    """A probe whose newest reading is an hour old is unavailable, and available again with the next fresh
    one."""
    journal.add(5.0, ago_ms=3_600_000)
    start()
    listener.waits(PRESENCE, "offline")
    journal.add(5.5)
    listener.waits(PRESENCE, "online")


def test_sensors_of_one_board_share_its_device(journal, listener, start: Callable[..., Mqtt]) -> None:
    """Two sensors of a board are two entities of one device, each with its own topic."""
    journal.name("Board", "Freezer")
    journal.add(1.0, probe_id="Board")
    journal.add(2.0, probe_id="Board:28ff.1")
    start()
    second = listener.waits(
        "homeassistant/sensor/temphub/Board_3a_28ff_2e_1/config",
        lambda value: value["device"]["name"] == "Freezer",
    )
    assert second["device"]["identifiers"] == ["temphub_Board"] and second["name"] == "Temperature 28ff.1"
    assert listener.waits("temphub/Board:28ff.1/state", lambda value: value["temperature_c"] == 2.0)


def test_a_broker_that_restarts_and_forgot_everything_is_told_everything(
    journal, broker, listener, start: Callable[..., Mqtt]
) -> None:
    """While it is away the hub says so in words; afterwards it has every sensor and the newest value, not the
    ones in between."""
    mqtt = start()
    journal.add(1.0)
    listener.waits(STATE, lambda value: value["temperature_c"] == 1.0)
    broker.stop()
    wait_for(lambda: "is not connected" in mqtt.state().problem)
    assert f"127.0.0.1:{broker.port}" in mqtt.state().problem and "pa ss" not in mqtt.state().problem
    journal.add(2.0, 3.0)
    wait_for(lambda: mqtt.no == 3)
    listener.all.clear()
    listener.last.clear()
    broker.start()
    listener.waits(CONFIG, lambda value: value["state_topic"] == STATE)
    listener.waits(STATE, lambda value: value["temperature_c"] == 3.0)
    wait_for(lambda: not mqtt.state().problem)
    assert [value["temperature_c"] for topic, value in listener.all if topic == STATE] == [3.0]


def test_the_hub_says_goodbye(journal, listener, start: Callable[..., Mqtt]) -> None:
    """When the hub stops its sensors become unavailable at once."""
    mqtt = start()
    (topic,) = wait_for(lambda: statuses(listener, "online"))
    assert mqtt.stop()
    listener.waits(topic, "offline")


def test_a_probe_that_is_removed_vanishes_also_when_the_hub_was_off(
    journal, listener, start: Callable[..., Mqtt]
) -> None:
    """What was announced is remembered: a probe that is no longer in the journal is taken back from the
    broker."""
    mqtt = start()
    journal.add(1.0)
    journal.add(2.0, probe_id="Stays")
    listener.waits("temphub/Stays/state", lambda value: value["temperature_c"] == 2.0)
    listener.waits(CONFIG, lambda value: value["unique_id"] == "temphub_Cold-1")
    assert mqtt.stop()
    for table, column in (("readings", "probe"), ("latest", "probe"), ("probes", "no")):
        command = f"DELETE FROM {table} WHERE {column}=(SELECT no FROM probes WHERE id='Cold-1')"
        journal.writer.change(lambda db, command=command: db.execute(command).rowcount).result(PATIENCE_S)
    start()
    for topic in (CONFIG, STATE, PRESENCE):
        listener.waits(topic, "")
    assert listener.last["temphub/Stays/state"]["temperature_c"] == 2.0


def test_a_probe_that_is_removed_or_merged_vanishes_while_the_hub_runs(
    journal, listener, start: Callable[..., Mqtt]
) -> None:
    """The broker forgets all of a removed or merged probe's topics; what counts as another one shows there,
    and both come back."""
    start()
    journal.add(1.0)
    journal.add(2.0, probe_id="Old")
    listener.waits("temphub/Old/state", lambda value: value["temperature_c"] == 2.0)
    listener.waits(STATE, lambda value: value["temperature_c"] == 1.0)
    for away, back in (
        (partial(remove, journal.writer, "Cold-1"), partial(restore, journal.writer, "Cold-1")),
        (partial(merge, journal.writer, "Cold-1", "Old"), partial(unmerge, journal.writer, "Cold-1")),
    ):
        away()
        for topic in (CONFIG, STATE, PRESENCE):
            listener.waits(topic, "")
        back()
        listener.waits(CONFIG, lambda value: value and value["unique_id"] == "temphub_Cold-1")
        listener.waits(STATE, lambda value: value and value["temperature_c"] == 1.0)
    merge(journal.writer, "Cold-1", "Old")
    listener.waits(STATE, "")
    journal.add(3.0)
    listener.waits("temphub/Old/state", lambda value: value["temperature_c"] == 3.0)
    assert listener.last[STATE] == ""


def test_a_wrong_password_is_told(journal, broker, start: Callable[..., Mqtt]) -> None:
    """The broker's own reason is passed on, without the password."""
    mqtt = start(f"mqtt://hub:wrong@127.0.0.1:{broker.port}/lab")
    wait_for(lambda: "uthor" in mqtt.state().problem)
    assert "wrong" not in mqtt.state().problem.replace("wrongly", "") and "MQTT_URL" in mqtt.state().remedy


def test_names_stay_different() -> None:
    """Signs that Home Assistant does not allow in an id are replaced without making two probes one."""
    names = ["a.b", "a:b", "a_b", "a-b", "a_2e_b", "ab"]
    assert len({topics.plain(name) for name in names}) == len(names)


def test_how_long_a_probe_counts_as_present() -> None:
    """A minute for those that measure often, three intervals for those that measure seldom."""
    one = State(1_000_000, 1, None)
    assert (
        topics.presence(one, 2000, 1_059_000) == b"online"
        and topics.presence(one, 2000, 1_061_000) == b"offline"
    )
    assert (
        topics.presence(one, 600_000, 2_700_000) == b"online"
        and topics.presence(one, 600_000, 2_900_000) == b"offline"
    )


def test_a_clock_that_was_ahead_leaves_no_value_standing(
    journal, listener, start: Callable[..., Mqtt]
) -> None:
    """After the clock was set back the newest reading of now counts: its value, then its fault; and a probe
    that stopped is offline."""
    start()
    journal.add(4.0)
    listener.waits(STATE, lambda value: value["temperature_c"] == 4.0)
    journal.add(30.0, ago_ms=-5 * 3_600_000)
    journal.add(5.5)
    listener.waits(STATE, lambda value: value["temperature_c"] == 5.5)
    journal.add(None)
    assert listener.waits(STATE, lambda value: value["temperature_c"] is None)["quality"] == "open"
    assert 30.0 not in [value["temperature_c"] for topic, value in listener.all if topic == STATE]
    ahead = State(5 * 3_600_000, 1, None)
    assert topics.presence(ahead, 2000, 0) == b"offline"


def test_the_name_that_people_gave_is_the_devices(journal, listener, start: Callable[..., Mqtt]) -> None:
    """A name given on the page reaches Home Assistant, ids stay; a probe that is hidden on the page is taken
    back, and comes again."""
    journal.name("Cold-1", "probe's own")
    journal.add(4.0)
    start()
    listener.waits(CONFIG, lambda value: value["device"]["name"] == "probe's own")
    journal.describe("Cold-1", alias="Cold room 2")
    config = listener.waits(CONFIG, lambda value: value["device"]["name"] == "Cold room 2")
    assert config["unique_id"] == "temphub_Cold-1"
    journal.describe("Cold-1", hidden=1)
    listener.waits(CONFIG, "")
    journal.add(4.5)
    journal.describe("Cold-1", hidden=0)
    listener.waits(CONFIG, bool)


def test_what_strangers_say_at_the_broker_stops_nothing(
    journal, broker, listener, start: Callable[..., Mqtt]
) -> None:
    """Retained messages at the topics a hub listens to, of other shapes than hubs write, with values of other
    kinds, or far too large, are passed over; probes are passed on as before."""
    odd = [b"", b"[]", b"{}", b"\xff\xfe", b"null", b'{"availability": 5}', b"x" * 1_000_000]
    odd += [
        json.dumps({"origin": {"name": "TempHub"}, "availability": one}).encode()
        for one in ([5], [{"topic": 5}], [{"topic": None}], {}, "a")
    ]
    for number, message in enumerate(odd):
        listener.says(f"homeassistant/sensor/temphub/x{number}/config", message)
        listener.says(f"temphub/status/{number}", message)
    journal.name("Cold-1", "Cold room 1")
    journal.add(4.0)
    mqtt = start()
    listener.waits(STATE, lambda value: value["temperature_c"] == 4.0)
    journal.add(5.0)
    listener.waits(STATE, lambda value: value["temperature_c"] == 5.0)
    wait_for(lambda: mqtt.state().problem == "")


def test_a_broker_of_odd_manners_stops_nothing(journal, start: Callable[..., Mqtt]) -> None:
    """A broker that hands out topics that are no text, hold signs that no topic may, or are as long as can
    be: readings are passed on."""
    with OddBroker() as broker:
        journal.add(4.0)
        mqtt = start(f"mqtt://127.0.0.1:{broker.port}")
        wait_for(lambda: broker.got(STATE, b"4.0"), 15)
        journal.add(5.0)
        wait_for(lambda: broker.got(STATE, b"5.0"), 15)
        wait_for(lambda: mqtt.state().problem == "", 5)
        assert broker.connections == 1
        assert not [topic for topic in broker.published if set(topic) & set("#+\0")]
