"""An alarm's life: fired, acknowledged, commented, acted upon, cleared, closed; repeated, escalated, muted.
Any thread.

Steps of people go through the writer at once (`people`). Those of readings and of time are the follower's, in
one commit with what it found (`transitions`).

Whom to tell: those whom the rule names, without any all there are. Once for each alarm, again every
`repeat_min` until somebody acknowledges, and after `escalate_min` the next ones. While an alarm is muted or
its place in maintenance nobody is told; what is still going on when that ends is told then. What is
acknowledged is told no more.
"""

from .people import (
    ACTIONS,
    LONGEST_MUTE_MS,
    MOST_BY,
    MOST_TEXT,
    Where,
    acknowledge,
    act,
    check_by,
    close,
    comment,
    covers,
    lacks_action,
    mute,
    unmute,
)
from .transitions import BY_MAINTENANCE, Due, come_back, due, give_up, own, settle, take, unwatched

__all__ = [
    "ACTIONS",
    "BY_MAINTENANCE",
    "LONGEST_MUTE_MS",
    "MOST_BY",
    "MOST_TEXT",
    "Due",
    "Where",
    "acknowledge",
    "act",
    "check_by",
    "close",
    "come_back",
    "comment",
    "covers",
    "due",
    "give_up",
    "lacks_action",
    "mute",
    "own",
    "settle",
    "take",
    "unmute",
    "unwatched",
]
