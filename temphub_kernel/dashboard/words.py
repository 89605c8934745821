"""Every word the page says, in one place: another language is another such file. Any thread; imports nothing."""

TITLE = "TempHub"
UNIT = "°C"
NOTHING = "–"

WINDOW_LABELS = {"5min": "5 min", "1h": "1 h", "24h": "24 h"}
WINDOW_TOOLTIPS = {"5min": "Show the last 5 minutes", "1h": "Show the last hour", "24h": "Show the last 24 hours"}
WINDOW_LAST = {"5min": "last 5 min", "1h": "last hour", "24h": "last 24 h"}

STATES = {
    "online": "Online",
    "late": "Late",
    "silent": "Silent",
    "fault": "Sensor fault",
    "waiting": "No reading yet",
}
STATE_MEANINGS = {
    "online": "readings arrive as expected",
    "late": "the next reading is overdue",
    "silent": "nothing has arrived for a long time",
    "fault": "the probe answers, its sensor does not",
    "waiting": "the probe is known and has not delivered yet",
}
CATCHING_UP = "delivering readings it kept meanwhile"
QUALITIES = {
    "open": "Wire open or not connected",
    "short_gnd": "Shorted to ground",
    "short_vcc": "Shorted to the supply",
    "crc": "Answer garbled on the wire",
    "power_on": "Reports its power-on value: it lost power",
    "range": "Value outside the sensor's range",
    "missing": "The sensor does not answer",
}
QUALITY_OTHER = "The sensor answered badly"
LAST_GOOD = "last good value {}"
NO_GOOD = "no good value in the last 24 h"

VIRTUAL = "virtual"
VIRTUAL_MEANING = "A demo probe running on this computer, not a real sensor"

JUST_NOW = "just now"
AGO = "{} ago"
SECONDS, MINUTES, DAYS = "{} s", "{} min", "{} days"
HOURS = "{} h {:02d} min"
HOURS_ONLY = "{} h"
ONE_DAY = "1 day"

CARD_MIN, CARD_MEAN, CARD_MAX = "min", "mean", "max"
PROBES = "Probes"
CHART = "Temperature"
CHART_ALT = "Chart of each probe's temperature over the {}. The same numbers are in the statistics table below."
NO_POINTS = "No reading in the {}."
STATISTICS = "Statistics"
STAT_COLUMNS = ("Probe", "Readings", "Mean", "σ", "Min", "Max", "Trend")
STAT_TREND = "{} °C/h"
SIGMA_EXACT = "standard deviation"
SIGMA_MINUTES = "standard deviation of one-minute means"
AT = "at {}"

LIST = "Where the probes are"
WHOAMI, STATUS = "whoami", "status"
NO_ADDRESS = "address unknown"
FIRMWARE = "firmware {}"
EVERY = "every {}"
PROVISIONED = "told where to deliver {}"
NEVER_PROVISIONED = "not told where to deliver yet"
DELIVERS_TO = "delivers to {}"
FOUND_BY = {"mdns": "found by mDNS", "hello": "said hello itself"}
GONE = "left the network"
PROVISION = "Provision now"
PROVISION_MEANING = "Tell this probe again where to deliver its readings"
PROVISION_IMPOSSIBLE = "Only a hub that runs here can provision"
PROVISIONING = "Telling {} where to deliver …"

HUB_STATES = {"recording": "Recording", "trouble": "Recording, with a problem", "stopped": "Hub stopped", "unread": "Cannot read"}
UPTIME, STORED, CSV_WAITING, PROBE_COUNT = "running for", "readings stored", "waiting for the CSV", "probes online"
ALL_WRITTEN = "none"
HUB_STOPPED = "The hub has stopped writing, so it seems to be off and nothing new arrives."
HUB_STOPPED_REMEDY = "Start it again (Start.bat or `temphub`); probes keep their readings meanwhile and deliver them when it is back."
HUB_NEVER = "No hub has run on this data folder yet, so nothing new arrives."
HUB_NEVER_REMEDY = "Start it with Start.bat or `temphub`; this page goes on by itself."
WORKER_STOPPED = "The {} part of the hub is not running."
WORKER_REMEDY = "It is started again by itself; restart the hub if this stays."
PAGE_RETRY = "{} This page tries again every few seconds."
PROBLEM_SINCE = "since {}"

HUB = "The hub"
ADDRESSES, CSV_FILE, DATA_DIR, VERSION, PARTS = "Page addresses", "CSV log", "Data folder", "Version", "Parts"
LAST_PROBLEM = "Last problem"
NO_PROBLEM = "none"
WORKER_WELL, WORKER_TROUBLED = "{}", "{} (problem)"

EMPTY_TITLE = "No probe yet"
EMPTY_TEXT = "The hub is listening. A probe shows up here by itself, usually within ten seconds of being switched on."
EMPTY_STEPS = (
    ("Power the probe", "Its light should blink while it joins the Wi-Fi."),
    ("Same network", "Probe and hub must be on the same network; guest Wi-Fi often keeps devices apart."),
    ("Let it through", "On Windows, allow TempHub on private networks when the firewall asks."),
    ("Look around without hardware", "Run `temphub demo --probes 3` to see three virtual probes."),
)
