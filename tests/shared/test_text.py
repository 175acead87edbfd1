"""Text is stored as it came, or refused with the reason."""

import pytest

from shared.text import NotPlain, askable, one_line, printable, shown

NONCHARACTERS = [
    *range(0xFDD0, 0xFDF0),
    *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
]


def test_there_are_66_noncharacters_and_each_is_refused_by_its_name() -> None:
    assert len(NONCHARACTERS) == 66
    for code in NONCHARACTERS:
        for check in (printable, one_line):
            with pytest.raises(NotPlain, match=rf"U\+{code:04X} is no character"):
                check(f"a{chr(code)}b")
        assert shown(f"a{chr(code)}b") == "a\ufffdb"
        assert askable(chr(code)) == chr(code), "older records hold it, and are looked for"


@pytest.mark.parametrize("text", ["\ufffd", "\ufdcf\ufdf0", "\U0001f600", "\ue000", "O\u2019Brien", "a\nb\tc"])
def test_every_character_is_taken(text: str) -> None:
    assert printable(text) == shown(text) == text


@pytest.mark.parametrize("text", ["a\0", "\x1b[1m", "\ud800"])
def test_what_cannot_be_stored_cannot_be_asked_for_either(text: str) -> None:
    for check in (printable, askable):
        with pytest.raises(NotPlain):
            check(text)
