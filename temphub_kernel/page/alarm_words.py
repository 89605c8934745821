"""Every word that the page says of alarms and limits; see words.py for all others. Any thread."""

SEVERITIES = {"critical": "Alarm", "warning": "Warning"}
ABOVE_BELOW = {"above": "above {}", "below": "below {}"}
ROSE_FELL = {"rise": "rose by {} within {}", "fall": "fell by {} within {}"}
SICK = {
    "silent": "sends no readings",
    "frozen": "shows the very same value all the time",
    "sensor": "has a sensor that answers badly",
    "resets": "starts again and again",
    "weak_wifi": "has a weak Wi-Fi",
    "outbox": "has more and more readings waiting",
}
MANY_SILENT = "send no readings: the network or the hub's computer"
LASTING = " for {}"
NOW = ", now {}"
SINCE = "since {}"
OVER = "was over at {}, after {}"
WORST = "worst {} {}"
MUTED = "muted until {}"
# The same for the page's own script: after so many seconds, in units of so many.
SPANS = [[60, 1, "{} s"], [7200, 60, "{} min"], [172_800, 3600, "{} h"], [1e15, 86_400, "{} days"]]

BANNER = "Alarms"
NOTHING_ACKNOWLEDGED, NO_ACTION = "nobody has acknowledged it yet", "what was done is not written down yet"
MORE = "{} more in the list of alarms"
ANSWER, ANSWER_ACTION = "Acknowledge", "What was done"

ALARMS, ALARMS_NOTE = "Alarms", "live, and of the last 30 days"
NO_RULES = "Nothing is watched yet. Press *Set limits* on a card to be told when it gets too warm or too cold there."
NO_ALARMS = "No alarm. Watched by rules: {}."
LEFT_OUT = "{} earlier ones are not shown; Excel exports have them all."
STATES = {"active": "goes on", "cleared": "is over", "closed": "closed", "past": "known from late readings"}
ACKNOWLEDGED, ACKNOWLEDGED_FROM = "acknowledged by {} at {}", "acknowledged from {} at {}"
COMMENT, ACTION = "“{}”", "Done: “{}”"
FOR = "lasted {}"
MUTES, MUTE_LINE = "Nobody is told", "{} {}, by {}"
MUTE_KINDS = {"mute": "muted until {}", "maintenance": "in maintenance until {}"}
MUTE_ALL, UNMUTE = "All alarms", "End it now"

FORM_COMMENT, FORM_EXAMPLE, FORM_WHO = "Comment", "or type what you do about it", "Your name"
ACKNOWLEDGE, ACKNOWLEDGING = "Acknowledge", "Acknowledging …"
ACKNOWLEDGE_MEANING = "You take care of it: nobody else is told any more"
ACKNOWLEDGED_NOW = "Acknowledged: nobody else is told of it any more."
ACT, ACTING, ACTED = "This was done", "Keeping what was done …", "Kept what was done."
ACT_MEANING = "Kept as the corrective action of this alarm"
ACT_NEEDED = "What was done has to be written down before this alarm can be closed."
ACT_EMPTY, ACT_EMPTY_REMEDY = "Nothing says yet what was done, so nothing was kept.", "Choose one of the texts, or type one."
SAY, SAYING, SAID = "Keep comment", "Keeping the comment …", "Kept the comment."
MUTE_HOUR, MUTE_TOMORROW = "Mute for 1 h", "Mute until tomorrow {}"
MUTE_MEANING = "Nobody is told of this probe meanwhile; what still goes on then is told then"
MUTING, MUTED_NOW = "Muting …", "Muted: nobody is told of it meanwhile."
UNMUTING, UNMUTED = "Ending it …", "Ended: people are told again."
CLOSE_FORM = "Not now"

EDIT_LIMITS = "Limits"
LIMITS, LIMITS_NONE = "Limits: {}", "Set limits"
LIMITS_MEANING = "When to be told of {}"
LIMITS_OF = "When to be told of {}"
BETWEEN, ONLY_ABOVE, ONLY_BELOW = "{} to {}", "up to {}", "from {} up"
WATCHED_OTHERWISE = "watched"
START_FROM, START_TYPED = "Start from", "or your own limit"
KIND, KINDS = "Tell me when it is", {"above": "above", "below": "below"}
LIMIT_C, DELAY, SEVERITY = "Limit, {}", "for minutes", "as"
CHOICES = {"warning": "a warning", "critical": "an alarm"}
REQUIRE = "What was done has to be written down"
TRY, TRY_MEANING = "Try it on the last 30 days", "Shows what it would have told; nothing is switched on"
TRYING = "Looking at the last 30 days …"
WOULD = "In the last 30 days this would have told:"
SWITCH_ON, SWITCHING, SWITCHED = "Switch on", "Switching on …", "Switched on: {} is watched."
RULE_OFF, RULE_ON, RULE_REMOVE = "Switch off", "Switch on", "Remove"
RULE_CHANGING, RULE_CHANGED, RULE_REMOVED = "Changing it …", "Changed.", "Removed."
IS_OFF = "switched off"
FOR_GROUP, FOR_ALL = "for the group {}", "for all probes"
RULE_LINE, RULE_DELAY = "{}: {}", " for {}"
RULE_KINDS = {
    "above": "above {}",
    "below": "below {}",
    "rise": "{} warmer within {}",
    "fall": "{} colder within {}",
    "silent": "sends no readings",
    "frozen": "shows the very same value all the time",
    "sensor": "its sensor answers badly",
    "resets": "starts again and again",
    "weak_wifi": "its Wi-Fi is weak",
    "outbox": "more and more readings wait on it",
}
NO_NUMBER, NO_NUMBER_REMEDY = "“{}” is no number, so nothing was tried.", "Type a number for the limit and for the minutes."
AND_SILENT = "and when it sends no readings any more"

SOUND, SOUND_MEANING = "Sound", "Have this page beep while somebody has to look"
NOTIFY, NOTIFY_MEANING = "Notifications", "Have this browser show alarms, also when this page is behind others"
