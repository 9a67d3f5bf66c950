"""Of adapters that were asked how they are: by the doctor, in the quick part of the conformance kit.

What an adapter says of itself stands as it came, in whatever language, quoted as its own words. A fault of one has its
whole English text, and in French the words of its cause.
"""

from typing import Final

from connector.core.fault_words.form import Sentences

EXAMINED: Final[Sentences] = {
    "examined.at": {"en": ("{subject:term}: {what}", ""), "fr": ("{subject:term} : {what}", "")},
    "examined.asked": {"en": ("it can be asked", ""), "fr": ("on peut l'interroger", "")},
    "examined.not-asked": {"en": ("it cannot be asked", ""), "fr": ("on ne peut pas l'interroger", "")},
    "examined.said": {
        "en": ('it can be asked; in the adapter\'s own words: "{text}"', ""),
        "fr": ("on peut l'interroger ; dans les mots de l'adaptateur : « {text} »", ""),
    },
    "examined.refused": {
        "en": ('it cannot be asked; in the adapter\'s own words: "{text}"', ""),
        "fr": ("on ne peut pas l'interroger ; dans les mots de l'adaptateur : « {text} »", ""),
    },
    "examined.remark": {
        "en": ('in the adapter\'s own words: "{text}"', ""),
        "fr": ("dans les mots de l'adaptateur : « {text} »", ""),
    },
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
