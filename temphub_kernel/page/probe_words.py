"""What the page says of a probe and of the list of probes; see words.py for all else. Any thread."""

LIST = "Where the probes are"
WHOAMI, STATUS = "whoami", "status"
NO_ADDRESS = "address unknown"
FIRMWARE = "firmware {}"
EVERY = "every {}"
PROVISIONED = "told where to deliver {}"
NEVER_PROVISIONED = "not told where to deliver yet"
DELIVERS_TO, TOLD_TO = "delivers to {}", "is to deliver to {}"
FOUND_BY = {"mdns": "found by mDNS", "hello": "said hello itself"}
GONE = "left the network"
PROVISION = "Provision now"
PROVISION_MEANING = "Tell this probe again where to deliver its readings"
PROVISION_IMPOSSIBLE = "Only a hub that runs here can provision"
PROVISIONING = "Telling {} where to deliver …"

# How a probe and the hub stand to each other; what is not here needs no word.
STANDINGS = {
    "claimed": "has a key of this hub",
    "plain": "has no key",
    "trusted": "trusted, has no key",
    "waiting": "waits to be trusted",
    "forgot": "lost its key",
    "foreign": "belongs to another hub",
    "elsewhere": "delivers to another hub",
    "released": "released",
}
TRUST, TRUST_MEANING, TRUSTING = "Trust", "This probe is mine: let it deliver here", "Trusting {} …"
TRUSTED = "Trusted; it delivers in a moment."
RELEASE, RELEASE_MEANING, RELEASING = (
    "Release",
    "Let this probe go, so that another hub can take it",
    "Releasing {} …",
)
REMOVE_PROBE, REMOVE_MEANING, REMOVING = (
    "Remove",
    "Take this probe off every list; its readings are kept",
    "Removing {} …",
)
REMOVED_PROBE = "Removed. Its readings are kept."
REMOVE_ASK = (
    "Remove {} from every list? Its readings are kept. It comes back when it delivers again, or "
    "with Bring back at the end of this list."
)
REMOVE_YES = "Yes, remove it"
MERGE_INTO, MERGE_NONE, MERGE = "Same place as", "no other probe", "Make them one"
MERGE_MEANING = (
    "This is a new board or sensor in the other one's place: its readings go on the other one's line"
)
MERGE_ASK = (
    "Have all readings of {0}, those so far and those to come, count as {1}? Nothing stored is "
    "changed, and the form of {1} takes it back."
)
MERGE_YES, MERGING, MERGED = "Yes, make them one", "Merging {} …", "{} counts as this probe now."
MERGED_ALSO, UNMERGE = "Counts as this probe, too: {}", "Take apart"
UNMERGE_MEANING = "Have them stand for themselves again, with all their readings"
UNMERGING, UNMERGED = "Taking {} apart …", "{} is a probe of its own again."
RELEASED = "Released: another hub can take it now."
RELEASE_ASK = (
    "Release {}? It stops delivering here, and another hub can take it. Its readings so far are kept."
)
RELEASE_YES = "Yes, release it"

STRAIGHT, STRAIGHT_NONE, STRAIGHTEN = "Thermocouple", "sends true values", "Correct"
STRAIGHT_MEANING = (
    "Its readings are numbers of a chip that knows no thermocouple's curve (firmware before 0.4.0, or a "
    "sender of your own):"
    " have them corrected for the type. What was sent is kept"
)
STRAIGHT_FROM, STRAIGHT_TO, STRAIGHT_COLD = "From", "Up to", "Chip itself at"
STRAIGHT_FIRST, STRAIGHT_ON = "the first reading", "those to come"
STRAIGHT_UNDO, STRAIGHT_UNDO_MEANING = (
    "As they were sent",
    "No longer correct its readings for a thermocouple",
)
STRAIGHTENING, STRAIGHTENED = "Correcting {} …", "Corrected for type {}; what was sent is kept."
STRAIGHT_UNDONE = "The readings count as they were sent."
STRAIGHT_STATED = (
    "Corrected for type {0} on a {1}, from {2} up to {3}. Where the chip's own temperature was not sent it "
    "is taken for {4},"
    " which may be off by: {5}."
)
STRAIGHT_OFF = "{} at {}"
STRAIGHT_ROW = "corrected for type {}, {} where the chip's own temperature was not sent"
STRAIGHT_NO_TIME = "“{}” is no time, so nothing was corrected."
STRAIGHT_TIME_EXAMPLE = "Type one such as 2026-11-23 12:00, or leave it empty."
STRAIGHT_NO_COLD = "“{}” is no temperature, so nothing was corrected."
STRAIGHT_COLD_REMEDY = "Type a number for the chip's own temperature, or leave it empty."

LOOKS_LIKE = "looks like {}"
LOOKS_LIKE_MEANING = "Another probe's id or name looks the same: make sure which one this is"
TRANSIENTS = (
    "1 unnamed id that came once or a few times and did not come back",
    "{} unnamed ids that came once or a few times and did not come back",
)
TRANSIENTS_SHOW, TRANSIENTS_HIDE, TRANSIENTS_REMOVE = "Show", "Put away", "Remove all"
TRANSIENTS_SHOWN = "The last {} of them:"
TRANSIENTS_MEANING = (
    "Nobody named them and they hold no key. One that delivers again is shown by itself; "
    "one that is given a name stays."
)
TRANSIENTS_ASK = "Take {} off every list? Their readings are kept, and one that delivers again comes back."
TRANSIENTS_YES, TRANSIENTS_REMOVING = "Yes, remove them", "Removing them …"
TRANSIENTS_REMOVED = "Off every list: {}."

REMOVED = ("1 removed probe", "{} removed probes")
REMOVED_SHOW, REMOVED_HIDE, REMOVED_SHOWN = "Show", "Put away", "The last {} of them:"
REMOVED_MEANING = (
    "Somebody took them off every list. Their readings are kept; one that delivers again comes "
    "back by itself."
)
REMOVED_AT, RESTORE, RESTORE_MEANING = (
    "removed {}",
    "Bring back",
    "Put {} onto every list again, with all its readings",
)
RESTORING, RESTORED = "Bringing {} back …", "Brought back, with all its readings."

EDIT, EDIT_MEANING = "Edit", "Name, group, note, interval, order, light"
EDIT_NAME, EDIT_GROUP, EDIT_NOTE, EDIT_INTERVAL, EDIT_HIDDEN = (
    "Name",
    "Group",
    "Note",
    "Interval",
    "Hide this probe",
)
EDIT_POWER_ON = "85 °C is a temperature here"
EDIT_GROUP_EXAMPLE = "for example: Cellar"
SAVING, SAVED, NOTHING_TO_SAVE = "Saving {} …", "Saved.", "Nothing was changed."
INTERVAL_NOT_SET = "The interval was not changed; the rest was saved. {}"
UP, UP_MEANING, DOWN, DOWN_MEANING = "Up", "One place up in its group", "Down", "One place down in its group"
IDENTIFY, IDENTIFY_MEANING, IDENTIFYING = (
    "Blink its light",
    "Have the probe blink, to find it",
    "Asking {} to blink …",
)
IDENTIFIED = "Its light blinks now."
UPDATE, UPDATE_MEANING, UPDATING = (
    "Update",
    "Have the probe fetch the firmware that this hub brings",
    "Asking {} to update …",
)
UPDATE_BEGUN = "It fetches firmware {} now and starts anew; that takes about a minute."
UPDATE_THERE = "update to {} available"
HIDDEN = "hidden"
