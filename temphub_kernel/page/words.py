"""What the page says, in one place: another language is another such file; see probe_words.py and
alarm_words.py. Any thread."""

from ..core import FAULT_WORDS

TITLE = "TempHub"
NOTHING = "–"

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
AM_PM = ("am", "pm")
# How a browser has to write a date for it to look like ours: day before month, am in small letters.
LOCALE = "en-GB"

# A live window: what its button says, and what it is called in a sentence; {} is the number.
WINDOW_UNITS = {"s": "{} s", "min": "{} min", "h": "{} h", "d": "{} d", "w": "{} w", "y": "{} y"}
WINDOW_TOOLTIP = "Show the {}"
WINDOW_LAST = "last {}"
WINDOW_UNITS_LONG = {
    "s": ("second", "{} seconds"),
    "min": ("minute", "{} minutes"),
    "h": ("hour", "{} hours"),
    "d": ("day", "{} days"),
    "w": ("week", "{} weeks"),
    "y": ("year", "{} years"),
}
BETWEEN = "{} to {}"

STATES = {
    "online": "Online",
    "late": "Late",
    "silent": "Silent",
    "fault": "Sensor fault",
    "waiting": "No reading yet",
    "new": "Not set up",
    "refused": "Refused",
}
STATE_MEANINGS = {
    "online": "readings arrive as expected",
    "late": "the next reading is overdue",
    "silent": "nothing has arrived for a long time",
    "fault": "the probe answers, its sensor does not",
    "waiting": "the probe was told where to deliver and has not delivered yet",
    "new": "the probe was found and not yet told where to deliver",
    "refused": "what it delivers is refused, and nothing of it is stored",
}
CATCHING_UP = "delivering readings it kept meanwhile"
QUALITIES = {**FAULT_WORDS, "struck_out": "Struck out"}
QUALITY_OTHER = "The sensor answered badly"
LAST_GOOD = "last good value {}"
NO_GOOD = "no good value in the last 24 h"

VIRTUAL = "virtual"
VIRTUAL_MEANING = "A demo probe running on this computer, not a real sensor"

JUST_NOW = "just now"
SECONDS, MINUTES, DAYS = "{} s", "{} min", "{} days"
HOURS = "{} h {:02d} min"
HOURS_ONLY = "{} h"
# The same for the page's own script, which counts ages on: after so many seconds, in units of so many.
AGES = [
    [2, 1, JUST_NOW],
    [60, 1, "{} s ago"],
    [3600, 60, "{} min ago"],
    [172_800, 3600, "{} h ago"],
    [1e15, 86_400, "{} days ago"],
]

TODAY_MIN, TODAY_MAX = "min today", "max today"
TREND, TREND_MEANING = (
    "trend, {}",
    "where it is going: the slope over the last {}, whatever the chart below shows",
)
CARD_CHART = "Show {} alone, or all again"
SPARK = "the last 24 hours"
# What the page says of itself before its widgets are there: it is a picture, taken then.
PICTURE_OF = "Picture of {}, becoming live …"
# What the page says before any widget is there, when none comes, and when the hub is gone.
FRAME = {
    "language": "en",
    "title": TITLE,
    "starting": "getting the newest readings …",
    "slow": "this takes longer than usual; the hub is busy or still starting …",
    "lost": "Connection to the hub lost – recording goes on; reconnecting …",
    "not_live": "This page is not live.",
    "below": "It works at the top of a host name only, not below a path. Give the hub a host name of its own "
    "at the proxy.",
    "not_live_since": "This page is not live: it shows a picture of {}, and what was measured since is "
    "missing.",
    "no_scripts": "Its scripts do not arrive. Reload it; if this stays, let this browser's blocker pass "
    "scripts of the hub, and have a"
    " proxy serve the hub at the root of a name of its own, not below a path.",
    "no_socket": "Its live connection (a websocket) is refused. Reload it; if this stays, have the proxy in "
    "between pass on the headers"
    " Host and Upgrade, or open the hub's own address.",
    "nothing": "Nothing has come from the hub for {} s: it is busy, or the connection is weak. It goes live "
    "by itself as soon as it can;"
    " if this stays, reload it.",
    "reload": "Reload",
    "no_script": "This page needs JavaScript. The readings are also at /api/readings and in "
    "temperature_log.csv.",
}
PROBES = "Probes"
CHART = "Temperature"
CHART_ALT = "Chart of each probe's temperature, {}. The same numbers are in the statistics table below."
CHART_KEYS = "Chart: arrow keys move it in time, plus and minus zoom, Home returns to now."
NO_POINTS = "No reading: {}."
LEGEND, LEGEND_ALL = "Probes in the chart", "All"
MARK_FAULT, MARK_LATE = "sensor fault", "delivered late"
BACK_TO_LIVE, BACK_TO_LIVE_MEANING = "Back to now", "Follow the newest readings again"
DATES = ("Dates", "Choose from when to when")
FROM, TO, SHOW = "From", "To", "Show"
MEASURE, MEASURE_MEANING, MEASURE_END = "Measure", "Statistics of exactly this range", "Unmark"
MEASURED = "Marked range"
MEASURE_HINT = (
    "Wheel or pinch zooms, dragging moves, a double-click returns to now."
    " Drag with Shift (on a phone: hold first) to mark a range and see its statistics."
)
LIMIT = ("Limit", "Draw a limit and see for how long it was passed")
LIMIT_AT, DRAW, NO_LIMIT = "Limit, {}", "Draw", "No limit"
NOTE = ("Note", "Write down what happened")
NOTE_TEXT, NOTE_ADD, NOTE_EXAMPLE = "Note", "Add", "door left open"
NOTE_MEANING = "Kept with the marked range, or with the end of what is shown"
NOTE_ADDING, NOTE_ADDED = "Keeping the note …", "The note is kept."
NOTES = "Notes"
STRIKE_OUT, STRIKE_MEANING = (
    "Strike out",
    "The readings of {} in this range no longer count. They are kept, and can be brought back below",
)
STRIKING, STRUCK_NOW = (
    "Striking out …",
    "Struck out: these readings are in no chart and no statistic any more.",
)
STRUCK, STRUCK_LINE, UNDO = "Struck out", "{} of {} struck out", "Undo"
UNDOING, UNDONE = "Bringing the readings back …", "The readings count again."
PICTURE, PICTURE_MEANING, PICTURE_FILE = "Picture", "Save the chart as a PNG picture", "temperatures.png"
DOWNLOADS = {"csv": "CSV", "xlsx": "Excel"}
REPORT, REPORT_MEANING = (
    "Report",
    "A PDF to file and sign: figures, limits, excursions and alarms of what is shown, or of the marked range",
)
REPORT_MONTH = "Last month's report"
DOWNLOADS_MEANING = "All readings of what is shown, or of the marked range"
SEND = ("Send", "Give what is shown to somebody else")
SEND_WHAT = "{}, {}: {} readings."
SEND_ALL = "All probes"
SEND_HOW = (
    "Save the file and attach it to a message, or send the address of this chart to somebody in the "
    "same network."
)
SEND_SHARE, SEND_FILE, SEND_MAIL, SEND_COPY, SEND_COPIED = (
    "Share …",
    "Save {}",
    "E-mail the address",
    "Copy the address",
    "Copied",
)
MAIL_SUBJECT, MAIL_BODY = "Temperatures: {}", "{}\n\nThe chart: {}\n"
SHOW_MOMENT = "Show this moment in the chart"
STATISTICS = "Statistics"
SIGMA = "σ"
STAT_COLUMNS = ("Probe", "Readings", "Mean", SIGMA, "Min", "Max", "Trend")
OVER_COLUMNS = ("Above {}", "Not above {}", "Not measured")
ABOUT = "about {}"
SHARE = "{} ({} %)"
BOUNDED = "{}, at least {}, at most {}"
NOTHING_MEASURED = "No reading in that range."
PER_HOUR = "{value} {degree}/h"
SIGMA_MEANING = "standard deviation over time"
ESTIMATE = "≈ {}"
ESTIMATE_MEANING = "an estimate: too many readings to go through each"
AT = "at {}"

SAVE, CANCEL, KEEP = "Save", "Close", "Keep it"

HUB_STATES = {
    "recording": "Recording",
    "trouble": "Recording, with a problem",
    "stopped": "Hub stopped",
    "unread": "Cannot read",
}
UPTIME, STORED, CSV_WAITING, PROBE_COUNT = (
    "Running for",
    "Readings stored",
    "Waiting for the CSV",
    "probes online",
)
ALL_WRITTEN = "none"
HUB_STOPPED = "The hub has stopped writing, so it seems to be off and nothing new arrives."
HUB_STOPPED_REMEDY = (
    "Start it again (Start.bat or `temphub`); probes keep their readings meanwhile and "
    "deliver them when it is back."
)
HUB_NEVER = "No hub has run on this data folder yet, so nothing new arrives."
HUB_NEVER_REMEDY = "Start it with Start.bat or `temphub`; this page goes on by itself."
WORKER_STOPPED = "The {} part of the hub is not running."
WORKER_REMEDY = "It is started again by itself; restart the hub if this stays."
PAGE_RETRY = "{} This page tries again every few seconds."
PROBLEM_SINCE = "since {}"

PAGE = "This page"
UNIT, THEME, CLOCK, KIOSK = "Unit", "Colours", "Clock", "Wall screen"
UNITS = {"C": "°C", "F": "°F"}
THEMES = {"auto": "as the system", "light": "light", "dark": "dark"}
CLOCKS = {"auto": "as the system", "24": "24 hours", "12": "am and pm"}
KIOSK_MEANING = "Large values and the chart, nothing to press; Esc leaves it"
KIOSK_LEAVE = "Leave the wall screen"
QR = "Scan this to open the page on a phone in the same network:"
QR_ALT = "QR code of {}"
SETTINGS = "Settings"
LOG_OUT = "Log out"

HUB = "The hub"
ADDRESSES, CSV_FILE, DATA_DIR, VERSION, PARTS = "Page addresses", "CSV log", "Data folder", "Version", "Parts"
LAST_PROBLEM = "Last problem"
NO_PROBLEM = "none"
WORKER_WELL, WORKER_TROUBLED = "{}", "{} (problem)"

EMPTY_TITLE = "No probe yet"
EMPTY_TEXT = (
    "The hub is listening. A probe shows up here by itself, usually within ten seconds of being switched on."
)
EMPTY_STEPS = (
    ("Power the probe", "Its light should blink while it joins the Wi-Fi."),
    ("Same network", "Probe and hub must be on the same network; guest Wi-Fi often keeps devices apart."),
    ("Let it through", "On Windows, allow TempHub on private networks when the firewall asks."),
    (
        "Look around without hardware",
        "Run `temphub demo --probes 3` (on Windows `Start.bat demo --probes 3`) to see three virtual probes.",
    ),
)
ADD_PROBE = "Add a probe"
SEES = "What the hub sees"
SEES_INTERFACES = "It listens on {}."
SEES_NO_INTERFACE = "It finds no network to listen on."
SEES_NO_INTERFACE_REMEDY = "Connect this computer to the network of the probes."
SEES_REFUSED = "It cannot listen on {}: {}."
SEES_REFUSED_REMEDY = "Allow TempHub in the firewall, on private networks."
SEES_ADVERTS = "Adverts of probes heard so far: {}."
SEES_NO_ADVERTS = "No advert of a probe was heard yet."
SEES_NO_ADVERTS_REMEDY = (
    "Switch the probe off and on. If this stays, the network keeps multicast back:"
    " write this hub's address into the probe's own page, then it says hello by itself."
)
SEES_SOME_ADVERTS, SEES_SOME_HELLOS = "It hears adverts of probes.", "Probes say hello to it by themselves."
SEES_HELLOS = "Hellos of probes heard so far: {}."
SEES_NO_HELLOS = "No probe said hello by itself yet; each does so when it starts and every five minutes."
SEES_ERROR = "The last trouble was: {}"
SEES_ERROR_REMEDY = "Run `temphub doctor` on the hub's computer."
NOTE_ERASE = "Remove note {}"
NOTE_ASK, NOTE_YES = "Remove the note “{}”? It cannot be brought back.", "Yes, remove it"
NOTE_ERASING, NOTE_ERASED = "Removing the note …", "The note is gone."

DOCTOR, CHECK = "Is all well?", "Check this hub"
CHECK_MEANING = "Examines the hub's computer, the network and every probe; takes a few seconds"
DOCTOR_TEXT = (
    "Looks at Python, port, firewall, network, disk, clock, sleep, journal, CSV log and every "
    "probe. The same as `temphub doctor`."
)
CHECKING = "Looking at this computer, the network and every probe …"
CHECK_WELL, CHECK_PROBLEMS = "No problem found.", "Problems found: {}."
LEVELS = {"well": "well", "warning": "worth knowing", "problem": "problem", "unknown": "not known"}
AS_TEXT, COPY, COPIED = "As text, to send to somebody", "Copy", "Copied"
