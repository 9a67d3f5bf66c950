"""What a place of the network is to this service, in both languages: for findings, and for the firewall matrix."""

from dataclasses import dataclass
from typing import Final

from connector.core.fault_words import Language

_LABELS: Final[dict[str, dict[Language, str]]] = {
    # what is asked or answered there
    "named": {"en": "{name}", "fr": "{name}"},
    "directory": {"en": "signed directory", "fr": "annuaire signé"},
    "crl": {"en": "revocation list", "fr": "liste de révocation"},
    "sign-in": {"en": "sign-in by {name}", "fr": "connexion par {name}"},
    "insi": {"en": "INSi", "fr": "INSi"},
    "announced": {"en": "our own announced endpoint", "fr": "notre propre adresse annoncée"},
    "peers": {"en": "peers ask us, and fetch", "fr": "les pairs nous interrogent et reçoivent"},
    "led": {
        "en": "announced endpoint: to be led to the line above, TCP unchanged",
        "fr": "adresse annoncée : à mener à la ligne ci-dessus, TCP inchangé",
    },
    "local": {"en": "pages and local API", "fr": "pages et API locale"},
    "ask": {"en": "ask {name}", "fr": "interroger {name}"},
    "stamps": {"en": "time stamps", "fr": "horodatage"},
    "alerts": {"en": "alerts", "fr": "alertes"},
    "source": {"en": "source {name}", "fr": "source {name}"},
    "sink": {"en": "sink {name}", "fr": "destination {name}"},
    "names": {"en": "names of all the above", "fr": "noms de tout ce qui précède"},
    "clock": {"en": "mandates live five minutes", "fr": "un mandat vit cinq minutes"},
    # who calls, and whom
    "members": {"en": "members", "fr": "membres"},
    "network": {"en": "this service's network", "fr": "réseau de ce service"},
    "machine": {"en": "this machine", "fr": "cette machine"},
    "resolver": {"en": "its resolver", "fr": "son serveur DNS"},
    "time": {"en": "its time server", "fr": "son serveur de temps"},
    "in": {"en": "in", "fr": "entrant"},
    "out": {"en": "out", "fr": "sortant"},
}


@dataclass(frozen=True, slots=True)
class Label:
    """`key` is the words'; `name` is a member's, a provider's or an adapter's, which is its own in every language."""

    key: str
    name: str = ""

    def text(self, language: Language) -> str:
        """Say it."""
        return _LABELS[self.key][language].format(name=self.name)


LABEL_KEYS: Final = tuple(_LABELS)
