"""Small texts of a report that several of its parts have. Any thread; pure."""

from ..journal import Alarm
from .language import Language


def about(say: Language, text: str, *, exact: bool) -> str:
    """The text, marked where it is an estimate."""
    return text if exact else say("about", value=text)


def cause_of(alarm: Alarm, say: Language) -> str:
    """What is the matter: `above 8 °C`, with the name of its rule."""
    limit = "" if alarm.limit_c is None else say.limit(alarm.limit_c)
    what = say(f"cause_{alarm.cause}", limit=limit) if alarm.cause in KNOWN else alarm.cause
    name = str(alarm.body.get("rule", {}).get("name", ""))
    said = f"{name}: {what}" if name else what
    return f"{said} ({say('known_late')})" if alarm.past else said


KNOWN = ("above", "below", "rise", "fall", "silent", "frozen", "sensor", "resets", "weak_wifi", "outbox")


def remedy_of(alarm: Alarm) -> str:
    """What people said and did."""
    return "; ".join(dict.fromkeys(text for text in (alarm.comment, alarm.action) if text))
