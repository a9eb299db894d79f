"""The SMS alphabet and its arithmetic (3GPP TS 23.038)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmanager.delivery.gsm7 import cut, is_gsm7, segments, septets, transliterate


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("été à Orléans, où ?", "été à Orléans, où ?"),
        ("Ça, ç'est là", "Ça, c'est là"),
        ("forêt, île, août, naïf, Noël", "foret, ile, aout, naif, Noel"),
        ("cœur, Œuvre", "coeur, OEuvre"),
        ("l’hôte – voilà…", "l'hote - voilà..."),
        ("le « jeudi » 4\u00a0mai\u202f!", 'le "jeudi" 4 mai !'),
        ("À É È Ê", "A É E E"),
        ("deux\nlignes\tet  des   blancs ", "deux lignes et des blancs"),
        ("10 € [a] {b} ~", "10 € [a] {b} ~"),
        ("日本 ok", "?? ok"),
        ("\x00\x07\u200bx", "x"),
    ],
)
def test_french_keeps_what_the_alphabet_has_and_loses_only_the_rest(
    written: str, sent: str
) -> None:
    assert transliterate(written) == sent


@settings(deadline=None)  # the machine is shared
@given(st.text())
def test_any_text_becomes_one_line_of_the_alphabet_and_stays_so(text: str) -> None:
    once = transliterate(text)
    assert is_gsm7(once)
    assert "\n" not in once
    assert "\r" not in once
    assert transliterate(once) == once


@pytest.mark.parametrize(
    ("text", "count", "parts"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        # The escaped character does not fit in what the first part has left.
        ("a" * 152 + "€" + "a" * 152, 306, 3),
        ("é" * 160, 160, 1),
    ],
)
def test_septets_and_parts(text: str, count: int, parts: int) -> None:
    assert septets(text) == count
    assert segments(text) == parts


def test_what_is_outside_the_alphabet_is_not_counted_but_refused() -> None:
    with pytest.raises(ValueError, match="alphabet"):
        septets("ê")


@settings(deadline=None)  # the machine is shared
@given(st.text().map(transliterate), st.integers(0, 400))
def test_a_cut_never_exceeds_its_limit_and_never_touches_what_fits(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert septets(short) <= limit
    assert (short == text) == (septets(text) <= limit) or text.startswith(short)


def test_a_cut_falls_between_words_and_a_long_word_is_cut_inside() -> None:
    assert cut("compte piraté, 1840 destinataires", 25) == "compte piraté, 1840..."
    assert cut("j.martin@ville-valmont.test", 20) == "j.martin@ville-va..."
