"""Checks of text from outside before it is stored."""

import re

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]"
)
"""Code points that Unicode gives to no character, ever: libraries that read text may refuse or crash on them."""
UNDRAWABLE = re.compile(f"{CONTROL.pattern}|{NONCHARACTER.pattern}|[\x7f-\x9f\ud800-\udfff]")
CANNOT_BE_READ = "Some characters cannot be read. Delete them, then type the text again."
"""Beside the field of a form."""


class NotPlain(ValueError):
    """The text holds something that is no character, or that cannot be stored."""


def askable(text: str) -> str:
    """Without NUL and other control characters, which PostgreSQL and letters cannot hold; lines and tabs stay."""
    if CONTROL.search(text):
        raise NotPlain("the text has control characters that cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotPlain("the text has half a character (a lone surrogate)") from None
    return text.strip()


def printable(text: str) -> str:
    """The same without noncharacters: what is looked for may hold them, as older records do; what is stored may not."""
    if not text.isascii() and (found := NONCHARACTER.search(text)):
        raise NotPlain(f"U+{ord(found[0]):04X} is no character: take it out of the text")
    return askable(text)


def shown(text: str) -> str:
    """Text from elsewhere or from older records: a noncharacter becomes U+FFFD, the replacement character."""
    return NONCHARACTER.sub("\ufffd", text)


def drawable(text: str) -> str:
    """Text for a drawing: a control character and half a character become U+FFFD too."""
    return UNDRAWABLE.sub("\ufffd", text)


def not_blank(text: str) -> str:
    """Refuses what is empty once spaces around it are gone; stands after `printable` or `one_line`, which do that."""
    if not text:
        raise ValueError("Enter some text.")
    return text


def one_line(text: str) -> str:
    """The same in one line: what stands in a greeting, a heading or a list has no paragraphs of its own."""
    return " ".join(printable(text).split())


def reference_in(text: str) -> str | None:
    """A complaint's reference as people say it, with or without the hyphen and in any case; None if it is none."""
    letters = re.sub(r"[\s-]", "", text).upper()
    return f"{letters[:4]}-{letters[4:]}" if re.fullmatch(r"[2-9A-Z]{8}", letters) else None
