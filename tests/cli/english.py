"""Whether a text that should be French holds English: by words that sentences of one have and the other has not."""

import re

WORDS = frozenset(
    [
        "the",
        "and",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "has",
        "have",
        "had",
        "not",
        "it",
        "its",
        "this",
        "that",
        "these",
        "they",
        "which",
        "who",
        "what",
        "why",
        "whom",
        "with",
        "without",
        "from",
        "into",
        "of",
        "by",
        "for",
        "to",
        "at",
        "in",
        "no",
        "nor",
        "or",
        "if",
        "than",
        "then",
        "there",
        "here",
        "must",
        "may",
        "cannot",
        "could",
        "should",
        "would",
        "will",
        "does",
        "did",
        "do",
        "again",
        "only",
        "already",
        "until",
        "expected",
        "got",
        "nobody",
        "somebody",
        "see",
        "look",
        "give",
        "put",
        "make",
        "made",
        "check",
        "start",
        "answer",
        "answers",
        "missing",
        "kept",
        "keep",
        "read",
        "written",
        "wrong",
        "right",
        "your",
        "their",
        "our",
    ]
)
"""English words that are no French ones, and no name of ours outside quotation marks or code."""

_NAMES = re.compile(
    r"« [^»]* »"  # what somebody else said
    r"|--?[a-z][a-z-]*|\[[^\]]*\]( \w+)?"  # options, sections and their keys
    r"|[\w.-]*[/_:.][\w./:_-]+"  # paths, addresses, codes
    r"|(spsti-connector|directory|federation|journal|adapter|keys|members|openssl) [a-z-]+( [a-z-]+)*"  # commands
    r"|check(?= --)|\w+=\w+"
)


def english_in(text: str) -> list[str]:
    """Give the English words that stand in a French text."""
    return [word for word in re.findall(r"[A-Za-zÀ-ÿ']+", _NAMES.sub(" ", text)) if word in WORDS]
