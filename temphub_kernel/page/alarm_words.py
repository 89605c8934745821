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
NOW, WORST_NOW = ", now {}", ", worst {}"
SINCE = "since {}"
OVER = "was over at {}, after {}"
WORST = "worst {} {}"
MUTED = "muted until {}"
CANNOT_BE_TOLD = "Alarms cannot be told"
UNTOLD = "could not be told by {} yet"
# The same for the page's own script: after so many seconds, in units of so many.
SPANS = [[60, 1, "{} s"], [7200, 60, "{} min"], [172_800, 3600, "{} h"], [1e15, 86_400, "{} days"]]

BANNER = "Alarms"
NOTHING_ACKNOWLEDGED, NO_ACTION = "nobody has acknowledged it yet", "what was done is not written down yet"
MORE = "{} more in the list of alarms"
ANSWER, ANSWER_ACTION = "Acknowledge", "What was done"

ALARMS, ALARMS_NOTE = "Alarms", "live, and of the last 30 days"
FILTER, FILTER_MEANING = "Filter", "Show only some of them; the page's address keeps the choice"
FILTER_STATE = {
    "": "any",
    "live": "not closed yet",
    "active": "goes on",
    "cleared": "is over",
    "unacknowledged": "nobody acknowledged it",
    "closed": "closed",
    "past": "known from late readings",
}
FILTER_SEVERITY = {"": "any", "critical": "Alarm", "warning": "Warning"}
FILTER_PLACE, FILTER_GROUP, FILTER_ANY = "Where", "{} (group)", "any"
FILTER_TIME = {
    "": "last 30 days",
    "24h": "last 24 hours",
    "7d": "last 7 days",
    "92d": "last 92 days",
    "366d": "last 366 days",
    "chart": "what the chart shows, or its marked range",
}
FILTER_LABELS = {"state": "State", "severity": "Kind", "time": "When", "text": "Text"}
FILTER_EXAMPLE, FILTER_ALL = "a word of a comment, rule or place", "Show all"
CHOSEN, CHOSEN_TEXT = "Shown: {}; {}", "“{}”"
CHOSEN_COUNT = ("1 alarm", "{} alarms")
NONE_CHOSEN = "No alarm is like that. Choose something else, or show all."
NO_RULES = (
    "Nothing is watched yet. Press *Set limits* on a card to be told when it gets too warm or too cold there."
)
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
ACT_EMPTY, ACT_EMPTY_REMEDY = (
    "Nothing says yet what was done, so nothing was kept.",
    "Choose one of the texts, or type one.",
)
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
NO_NUMBER, NO_NUMBER_REMEDY = (
    "“{}” is no number, so nothing was tried.",
    "Type a number for the limit and for the minutes.",
)
AND_SILENT = "and when it sends no readings any more"

SOUND, SOUND_MEANING = "Sound", "Have this page beep while somebody has to look"
NOTIFY, NOTIFY_MEANING = (
    "Notifications",
    "Have this browser show alarms, also when this page is behind others",
)

MUTE, MUTE_FORM_MEANING = (
    "Mute",
    "Have nobody told for a while, while somebody cleans, defrosts or works there",
)
MUTE_WHAT, MUTE_FOR, MUTE_UNTIL = "What", "For", "or until"
MUTE_NOTE, MUTE_NOTE_EXAMPLE = "Why", "such as cleaning"
MUTE_LENGTHS = {
    "1 hour": 60,
    "2 hours": 120,
    "4 hours": 240,
    "12 hours": 720,
    "24 hours": 1440,
    "7 days": 10_080,
}
MUTE_GO, MAINTENANCE_GO = "Mute now", "Maintenance"
MUTE_HINT = (
    "*Mute*: alarms are kept, nobody is told; what still goes on at the end is told then. *Maintenance*: the "
    "same, and"
    " what is over before its end needs nobody's acknowledgement. Either can be ended earlier, in the list "
    "below."
)
MUTED_WHAT, MAINTAINED_WHAT = "Muted: nobody is told meanwhile.", "In maintenance: nobody is told meanwhile."
MUTE_OVER, MUTE_OVER_REMEDY = (
    "That end is over already, so nothing was muted.",
    "Choose an end in the future.",
)

TELL, TELL_MEANING = "Who is told", "By mail, on a phone, by a chat or a program: add, try and remove ways"
CHANNELS_NONE = (
    "Nobody is told yet but whoever looks at this page. Add a way: a name, and the address of a service."
)
CHANNELS_READING = "Asking the hub …"
CHANNEL_LINE, CHANNEL_WAITING = "{} ({})", "waiting: {}"
CHANNEL_FAILING = "The last try failed: {}"
CHANNEL_NAME, CHANNEL_NAME_EXAMPLE = "Name", "Anna"
CHANNEL_URL, CHANNEL_URL_EXAMPLE = "Address", "ntfy://ntfy.sh/a-topic-nobody-guesses"
CHANNEL_ADD, CHANNEL_ADD_MEANING = "Add", "One of the same name is replaced"
CHANNEL_HINT = (
    "To a phone by the free ntfy app: ntfy://ntfy.sh/ and a topic that nobody guesses. Mail:"
    " mailto://user:password@example.com?to=anna@example.com. Telegram, Signal, Teams, Slack, SMS and more: "
    "docs/alarms.md."
    " An address may hold a password, so it is never shown again."
)
CHANNEL_ADDING, CHANNEL_ADDED = (
    "Looking at the address …",
    "Added {}: {}. Press Test to see whether it arrives.",
)
CHANNEL_EMPTY, CHANNEL_EMPTY_REMEDY = "Name or address is missing, so nothing was added.", "Type both."
CHANNEL_TEST, CHANNEL_TEST_MEANING = "Test", "Sends something now"
CHANNEL_TESTING = "Sending a test by {} …"
CHANNEL_REMOVE, CHANNEL_REMOVING, CHANNEL_REMOVED = (
    "Remove",
    "Removing it …",
    "Removed {}: nobody is told by it any more.",
)
CHANNEL_ASK = "Remove {}? Its address is forgotten, and nobody is told by it any more."
CHANNEL_YES = "Remove it"

RULE_TELL, RULE_TELL_MEANING = (
    "Who and when",
    "Whom this tells, how often it is said again, and who comes next",
)
RULE_TOLD_BY, RULE_TOLD_BY_EXAMPLE = "Tell", "all"
RULE_REPEAT, RULE_ESCALATE, RULE_ESCALATE_TO = (
    "again every (min)",
    "nobody acknowledged after (min)",
    "tell also",
)
RULE_TELL_HINT = "Names are separated by commas; there are: {}. Empty means all, an empty number means never."
RULE_TELL_NOBODY = "none yet (add one under Who is told)"
RULE_TELL_SAVE, RULE_TELL_BACK = "Keep", "Back"
RULE_TELL_UNKNOWN = "There is no way called “{}”, so nothing was changed."
RULE_TELL_UNKNOWN_REMEDY = "Use names of the list: {}."
RULE_TELL_KEEPING, RULE_TELL_KEPT = "Keeping it …", "Kept whom it tells."

# The handle of a limit in the chart: as a screen reader says it, and what it stands at while it is moved.
LIMIT_HANDLE, LIMIT_AT = "Limit of {}: arrow keys move it, Enter sets it, Escape leaves it", "{} {}"
LIMIT_ASK = "{}: {} instead of {}?"
LIMIT_FOR = "{} ({})"
LIMIT_TRYING = "Looking at what it would have told in the last 30 days …"
LIMIT_WOULD = "In the last 30 days it would have told: {}. As it is now: {}."
LIMIT_KEEP, LIMIT_SET, LIMIT_UNDO, LIMIT_DONE = "Keep {}", "Set {}", "Undo", "Done"
LIMIT_SETTING, LIMIT_IS = "Setting the limit …", "Set: {} {}."
LIMIT_GONE = "That limit was changed or removed meanwhile, so nothing was set."
LIMIT_GONE_REMEDY = "Move it again from where it is now."
