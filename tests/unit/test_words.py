import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel.events.words import LONGEST, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Käse, KÄSE & Soße", ["kase", "sosse"]),
        ("Kaese Kase Ka\u0308se", ["kase"]),
        ("Öl Oel OEL ol", ["ol"]),
        ("GRÜNER Gruener Gru\u0308ner", ["gruner"]),
        ("Weißbier WEISSBIER WEIẞBIER", ["weissbier"]),
        ("Crème brûlée, Jalapeño, Škoda", ["creme", "brulee", "jalapeno", "skoda"]),
        ("Smørrebrød Łódź Œuvre Ærø", ["smorrebrod", "lodz", "ouvre", "aro"]),
        ("L'Oréal L\u2019ORÉAL L\u00b4Oreal Loreal", ["loreal"]),
        ("Käpt'n 'Iglo' d'Oro Jerry\u2019s", ["kaptn", "iglo", "doro", "jerrys"]),
        ("1l 1 L 1L", ["1", "l"]),
        ("0,7l 2in1 LF50+ B12", ["0", "7", "l", "2", "in", "1", "lf", "50", "b", "12"]),
        ("Coca-Cola 100%_rye", ["coca", "cola", "100", "rye"]),
        ("Schoko\u00adlade Zimt\u200bstern", ["schokolade", "zimtstern"]),
        ("soaker™ Persil®2", ["soaker", "persil", "2"]),
        ("\uff2d\uff29\uff2c\uff2b ﬁsch m² ½", ["milk", "fisch", "m", "2", "1"]),
        ("牛乳 1L", ["牛乳", "1", "l"]),
        ("ガム カ\u3099ム", ["カム"]),
        ("МОЛОКО молоко", ["молоко"]),
        ("Blaue Quelle", ["blau", "qulle"]),
        ("%_ & !", []),
        ("  ", []),
        ("", []),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    """What people type differently and mean alike becomes the same; each word once, in the order of the text."""
    assert words_of(text) == words


def test_a_word_is_cut_where_it_is_too_long() -> None:
    """What is beyond makes no other word, in a search as in a name."""
    assert words_of("x" * 300) == words_of("x" * 200) == ["x" * LONGEST]


@given(st.text())
def test_words_are_folded_once_and_for_all(text: str) -> None:
    """Every text has words that fit into an index and have nothing left to fold but what their neighbours hid."""
    words = words_of(text)
    assert all(0 < len(word) <= LONGEST for word in words)
    assert len(set(words)) == len(words)
    assert words == words_of(text.lower()) or not text.isascii()
