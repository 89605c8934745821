"""Ids and names of different probes that a person takes for one another: `fridge-O1` and `fridge-01`. Any thread; pure.

A probe here is a mapping with its `id`, and where known `alias` (a person's name for it), `name` (its own) and `first_ms`.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from .naming import Probe, shown

# Signs that look like a letter, a digit or a hyphen of ASCII, from the table confusables.txt of Unicode's UTS #39 (security mechanisms):
# Latin, Greek, Cyrillic, Armenian and the dashes. Full-width, mathematical and superscript forms are taken care of by NFKC.
ALIKE = {
    "2": "\u01a7\u03e8",
    "3": "\u01b7\u021c\u0417\u04e0",
    "5": "\u01bc",
    "6": "\u0431",
    "8": "\u0222\u0223",
    "a": "\u0251\u03b1\u0430",
    "b": "\u0184\u042c",
    "c": "\u03f2\u0441\u1d04",
    "d": "\u0501",
    "e": "\u0435\u04bd",
    "f": "\u0584\u1e9d",
    "g": "\u018d\u0261\u0581\u1d83",
    "h": "\u04bb\u0570",
    "i": "\u0131\u0269\u026a\u037a\u03b9\u0456\u04cf\u1fbe",
    "j": "\u03f3\u0458",
    "l": "\u0196\u01c0\u0399\u0406\u04c0",
    "n": "\u0578\u057c",
    "o": "\u03bf\u03c3\u043e\u0585\u1d0f\u1d11",
    "p": "\u03c1\u03f1\u0440",
    "q": "\u051b\u0563\u0566",
    "r": "\u0433\u1d26",
    "s": "\u01bd\u0455",
    "u": "\u028b\u03c5\u057d\u1d1c",
    "v": "\u03bd\u0475\u1d20",
    "w": "\u026f\u0461\u051d\u0561\u1d21",
    "x": "\u0445",
    "y": "\u0263\u028f\u03b3\u0443\u04af\u1d8c\u1eff",
    "z": "\u1d22",
    "A": "\u0391\u0410",
    "B": "\u0392\u0412",
    "C": "\u03f9\u0421",
    "E": "\u0395\u0415",
    "F": "\u03dc",
    "G": "\u050c",
    "H": "\u0397\u041d",
    "J": "\u037f\u0408",
    "K": "\u039a\u041a",
    "M": "\u039c\u03fa\u041c",
    "N": "\u039d",
    "O": "\u039f\u041e\u0555",
    "P": "\u03a1\u0420",
    "R": "\u01a6",
    "S": "\u0405\u054f",
    "T": "\u03a4\u0422",
    "U": "\u054d",
    "V": "\u0474",
    "W": "\u051c",
    "X": "\u03a7\u0425",
    "Y": "\u03a5\u03d2\u0423\u04ae",
    "Z": "\u0396",
    "-": "\u2010\u2011\u2012\u2013\u2043\u2212",
}
# The same table's, within ASCII: what is left stands for all that looks like it.
_SKELETON = str.maketrans({"0": "O", "1": "l", "I": "l", "|": "l", "m": "rn"})
_PROTOTYPE = str.maketrans({sign: letter for letter, signs in ALIKE.items() for sign in signs})
# A sign at the end that is overlooked.
ENDS = " ._:-"


def look_alikes(probes: Iterable[Probe]) -> dict[str, str]:
    """{id: the id of the probe that it can be taken for}, of those that look alike by id or name; of several the one that came first."""
    listed = list(probes)
    groups: dict[str, list[Probe]] = {}
    for probe in listed:
        for key in {key for text in {str(probe["id"]), shown(probe)} for key in skeletons(text)}:
            groups.setdefault(key, []).append(probe)
    found: dict[str, tuple[int, str]] = {}
    for group in groups.values():
        if len(group) < 2:
            continue
        first, second = sorted((int(probe.get("first_ms") or 0), str(probe["id"])) for probe in group)[:2]
        for probe in group:
            other = second if probe["id"] == first[1] else first
            found[probe["id"]] = min(found.get(probe["id"], other), other)
    return {id_: other for id_, (_, other) in sorted(found.items())}


@lru_cache(maxsize=65_536)  # pages ask again each second, for as many probes as a hub has
def skeletons(text: str) -> frozenset[str]:
    """What texts that look like this one have in common: one key as it is written, one whatever its case."""
    seen = text
    if not text.isascii():
        seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf").translate(_PROTOTYPE)
    seen = " ".join(seen.split()).rstrip(ENDS)
    return frozenset({seen.translate(_SKELETON), seen.casefold().translate(_SKELETON).casefold()})
