"""Text of others on a terminal: names and reasons come from peers, and must not command it."""


def clean(text: object) -> str:
    """Give the text on one line without control and direction characters, which could rewrite what is shown."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(text))


def size(count: int) -> str:
    """Give a number of bytes as people read it."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:.1f} MB"
