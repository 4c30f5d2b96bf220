"""Words as people search for them: whatever case, accents and umlauts they are typed with."""

import re
import unicodedata

LONGEST = 64
"""Signs of a word; what is longer is cut, because an index takes no key of any length."""

_WORD = re.compile(r"\d+|[^\W\d_]+")
_DIGRAPHS = re.compile("([aou])e")
# Before the decomposition, which would make letters or blanks of them.
_APOSTROPHES = re.compile(r"['`\u2018\u2019\u00b4](?=[^\W\d_])")
_SIGNS = str.maketrans(dict.fromkeys("™℠©®", " "))
# Letters that are another with a stroke or two in one, which Unicode does not take apart.
_LETTERS = str.maketrans({"ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "\u0131": "i"})
_DROPPED = ("Mn", "Mc", "Me", "Cf")


def words_of(text: str) -> list[str]:
    """The distinct words of a text, in order and folded: `"Käse, KÄSE & Soße 2kg"` is `["kase", "sosse", "2", "kg"]`.

    A word is of letters or of digits, so that "1l" and "1 l" are the same. Case, accents, soft hyphens and the
    apostrophe inside a word are dropped. An umlaut is also written as two letters, so `ae`, `oe` and `ue` become
    one: "Kaese" and "Käse" are the same word, and so is, harmlessly, what "blue" becomes, wherever it stands.
    """
    plain = _APOSTROPHES.sub("", text)
    plain = _DIGRAPHS.sub(r"\1", plain.lower() if plain.isascii() else _plain_letters(plain))
    return list(dict.fromkeys(word[:LONGEST] for word in _WORD.findall(plain)))


def _plain_letters(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    kept = "".join(sign for sign in apart if sign.isascii() or unicodedata.category(sign) not in _DROPPED)
    return kept.casefold().translate(_LETTERS)
