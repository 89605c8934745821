"""Alarms by MQTT, with Debian's mosquitto as the broker."""

from typing import Any

from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.forward.mqtt import Mqtt
from temphub_kernel.journal import AlarmBook, add_rules, change, remove_rule

ALARM = "temphub/Cold-1/alarm"
CONFIG = "homeassistant/binary_sensor/temphub/Cold-1/config"


def fired(book: AlarmBook, **values: Any) -> int:
    now = now_ms()
    about = {
        "cause": "above",
        "severity": "warning",
        "limit_c": 8.0,
        "since_ms": now - 60_000,
        "fired_ms": now,
        "worst_c": 9.5,
    }
    no = book.open(**{"rule": 1, "probe": book.number("Cold-1"), **about, **values})
    book.event(no, now, "fired")
    return no


def test_an_alarm_is_a_problem_in_home_assistant(journal, broker, listener) -> None:
    """Once there is a rule each probe has a binary sensor and a plain topic; both follow the alarm, also one
    of several probes at once."""
    journal.add(4.0)
    journal.add(5.0, probe_id="Cold-2")
    worker = Mqtt(broker.url, journal.path, journal.writer, every_s=0.02, look_s=0.1)
    worker.start()
    try:
        listener.waits("temphub/Cold-2/state", lambda value: value["temperature_c"] == 5.0)
        assert ALARM not in listener.last and CONFIG not in listener.last, "nobody gave a rule"
        (rule,) = add_rules(journal.writer, [{"kind": "above", "limit_c": 8}], "Anna")
        listener.waits(ALARM, {"active": False, "count": 0})
        config = listener.waits(CONFIG, lambda value: value["device_class"] == "problem")
        assert config["state_topic"] == ALARM and [
            one["topic"].split("/")[1] for one in config["availability"]
        ] == ["status"]
        no = change(journal.writer, fired)
        told = listener.waits(ALARM, lambda value: value["active"])
        assert (told["number"], told["severity"], told["cause"], told["limit_c"], told["worst_c"]) == (
            no,
            "warning",
            "above",
            8.0,
            9.5,
        )
        hub = config["availability"][0]["topic"].rsplit("/", 1)[1]
        listener.waits(f"temphub/alarms/{hub}", lambda value: value["count"] == 1)
        numbers = [1, 2]
        change(
            journal.writer,
            lambda book: fired(book, probe=0, cause="silent", severity="critical", body={"probes": numbers}),
        )
        listener.waits(
            "temphub/Cold-2/alarm", lambda value: value["active"] and value["severity"] == "critical"
        )
        change(journal.writer, lambda book: fired(book, cause="silent", body={"probes": numbers}))
        listener.waits("temphub/Cold-2/alarm", lambda value: value["count"] == 2)

        def over(book: AlarmBook) -> None:
            for alarm in book.live():
                book.set(alarm.no, cleared_ms=now_ms(), acked_ms=1, closed_ms=now_ms())
                book.event(alarm.no, now_ms(), "cleared")

        change(journal.writer, over)
        listener.waits(ALARM, {"active": False, "count": 0})
        remove_rule(journal.writer, rule, "Anna")
        listener.waits(CONFIG, "")
        wait_for(lambda: listener.last[ALARM] == "" == listener.last[f"temphub/alarms/{hub}"])
    finally:
        assert worker.stop()
