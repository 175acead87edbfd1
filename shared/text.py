"""What text from outside must be before it is stored."""


def printable(text: str) -> str:
    """Without NUL and other control characters, which PostgreSQL and letters cannot hold; lines and tabs stay."""
    if "\0" in text or any(ord(c) < 32 and c not in "\n\r\t" for c in text):
        raise ValueError("the text has control characters that cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text has half a character (a lone surrogate)") from None
    return text.strip()
