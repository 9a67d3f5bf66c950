"""Of adapters that were asked how they are: by the doctor, in the quick part of the conformance kit.

What an adapter says of itself stands in its own words, quoted as such where the sentence is French. A fault of one has
its whole English text, and in French the words of its cause.
"""

from typing import Final

from connector.core.fault_words.form import Sentences

EXAMINED: Final[Sentences] = {
    "examined.at": {"en": ("{subject:term}: {what}", ""), "fr": ("{subject:term} : {what}", "")},
    "examined.asked": {"en": ("it can be asked", ""), "fr": ("on peut l'interroger", "")},
    "examined.not-asked": {"en": ("it cannot be asked", ""), "fr": ("on ne peut pas l'interroger", "")},
    "examined.said": {"en": ("{text}", ""), "fr": ("on peut l'interroger ; il dit : « {text} »", "")},
    "examined.refused": {"en": ("{text}", ""), "fr": ("on ne peut pas l'interroger ; il dit : « {text} »", "")},
    "examined.remark": {"en": ("{text}", ""), "fr": ("il signale : « {text} »", "")},
    "examined.nobody": {"en": ("got nobody", ""), "fr": ("il n'a trouvé personne", "")},
    "examined.worker": {
        "en": ("got a worker, expected nobody", ""),
        "fr": ("il a trouvé un salarié là où personne n'était attendu", ""),
    },
    "examined.fault": {"en": ("{text} ({code})", ""), "fr": ("{cause:term} ({code})", "")},
    "examined.exception": {
        "en": ("{text} ({code})", ""),
        "fr": ("l'adaptateur a levé l'exception {cause} ({code})", ""),
    },
}
