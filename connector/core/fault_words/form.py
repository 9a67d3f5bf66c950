"""The form of sentences, and the two languages."""

from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "fr"]

Sentences = Mapping[str, Mapping[Language, tuple[str, str]]]
"""By kind and language: what is wrong, and what to do (empty where the first says it)."""
