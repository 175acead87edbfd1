"""What text from outside must be before it is stored."""

import re

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def printable(text: str) -> str:
    """Without NUL and other control characters, which PostgreSQL and letters cannot hold; lines and tabs stay."""
    if CONTROL.search(text):
        raise ValueError("the text has control characters that cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text has half a character (a lone surrogate)") from None
    return text.strip()


def one_line(text: str) -> str:
    """The same in one line: what stands in a greeting, a heading or a list has no paragraphs of its own."""
    return " ".join(printable(text).split())


def reference_in(text: str) -> str | None:
    """A complaint's reference as people say it, with or without the hyphen and in any case; None if it is none."""
    letters = re.sub(r"[\s-]", "", text).upper()
    return f"{letters[:4]}-{letters[4:]}" if re.fullmatch(r"[2-9A-Z]{8}", letters) else None
