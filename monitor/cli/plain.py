"""What strangers wrote, made safe for a terminal."""


def plain(text: str) -> str:
    """One line of it, without what would move the cursor, change colours or turn the line around."""
    return "".join(" " if sign.isspace() else sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
