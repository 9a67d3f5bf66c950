"""The sentences for every kind of fault of the configuration, in both languages, one module for each subject.

A test holds the two languages against each other, and every kind that the code raises against this table.
"""

from typing import Final

from connector.core.fault_words.adapters import ADAPTERS
from connector.core.fault_words.certificates import CERTIFICATES
from connector.core.fault_words.examined import EXAMINED
from connector.core.fault_words.files import FILES
from connector.core.fault_words.form import Language, Sentences
from connector.core.fault_words.insi import INSI
from connector.core.fault_words.kit import KIT
from connector.core.fault_words.making import MAKING
from connector.core.fault_words.members import MEMBERS
from connector.core.fault_words.own import OWN
from connector.core.fault_words.sections import SECTIONS
from connector.core.fault_words.serving import SERVING
from connector.core.fault_words.standing import STANDING
from connector.core.fault_words.terms import TERMS
from connector.core.fault_words.token import TOKEN
from connector.core.fault_words.values import VALUES

__all__ = ["SENTENCES", "SUBJECTS", "TERMS", "Language"]

SUBJECTS: Final[tuple[Sentences, ...]] = (
    FILES, VALUES, SECTIONS, CERTIFICATES, TOKEN, MEMBERS, INSI, ADAPTERS, SERVING, MAKING, OWN, STANDING, EXAMINED,
    KIT,
)  # fmt: skip

SENTENCES: Final[Sentences] = {kind: words for subject in SUBJECTS for kind, words in subject.items()}
