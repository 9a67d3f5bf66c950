"""Functional addresses: the directory names functions, never persons (issue 6: signing refuses a person's name).

The rule is ours, and an allow-list: every word before the @ must be a word of a function, a number, or a word that the
entry itself uses for the service or its towns; at least one is a function. So `dpo@`, `dmst-nantes@` and
`secretariat.astreinte@` pass, `jean.dupont@`, `jdupont@` and `dpo.dupont@` do not. Telephone numbers cannot be told
apart; the joining procedure says that they are a function's.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

FUNCTION_WORDS: Final = frozenset(
    {
        "abuse", "accueil", "admin", "administration", "annuaire", "astreinte", "cellule", "certificats", "connecteur",
        "contact", "coordination", "direction", "directory", "dmst", "dossier", "dossiers", "dpd", "dpo", "dsi",
        "echange", "echanges", "equipe", "exploitation", "federation", "gestion", "helpdesk", "hotline", "incident",
        "incidents", "info", "informatique", "infra", "medecine", "medical", "medicale", "messagerie", "mssante", "noc",
        "numerique", "operations", "ops", "plateforme", "production", "protection", "donnees", "qualite", "reception",
        "reseau", "reseaux", "rgpd", "rssi", "sante", "secretariat", "security", "securite", "service", "services",
        "si", "siege", "soc", "spst", "spsti", "support", "systeme", "systemes", "team", "technical", "technique",
        "transfert", "transferts", "travail", "urgence",
    }
)  # fmt: skip
"""Words of functions, without accents, in French and English."""

CONTACT_ROLES: Final = ("technical", "security", "dpo", "medical")
"""For what a contact is called: an outage, an incident, data protection, a block between two services (PROTOCOL 5)."""

_ADDRESS: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", re.ASCII)
_TELEPHONE: Final = re.compile(r"\+[1-9][0-9 ]{6,20}", re.ASCII)
_CIVILITY: Final = re.compile(r"\b(dr|docteur|docteure|pr|professeur|professeure|mme|madame|mlle|monsieur)\b")
_CIVILITY_DOT: Final = re.compile(r"(^|\s)m\.\s")
_MSSANTE_DOMAIN: Final = ".mssante.fr"


def words(texts: Iterable[str]) -> frozenset[str]:
    """Give the words of some texts, lower case and without accents: those a service may use in its addresses."""
    return frozenset(word for text in texts for word in re.split(r"[^a-z0-9]+", plain(text)) if word)


def plain(text: str) -> str:
    """Give a text in lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


def address_fault(address: str, own_words: frozenset[str]) -> str | None:
    """Say why an e-mail address or a telephone number cannot stand in the directory, or None."""
    if _TELEPHONE.fullmatch(address):
        return None
    if not _ADDRESS.fullmatch(address):
        return "expected an e-mail address, or a telephone number as +33 1 23 45 67 89"
    # A number may follow a word: support2@.
    found = [word.rstrip("0123456789") for word in re.split(r"[._+-]", plain(address.partition("@")[0]))]
    if not any(word in FUNCTION_WORDS for word in found) or set(found) - FUNCTION_WORDS - own_words - {""}:
        return "looks like a person's address: expected one of a function, such as dpo@, support@ or dmst-nantes@"
    return None


def mssante_fault(address: str, own_words: frozenset[str]) -> str | None:
    """Say why an address is no functional MSSanté mailbox, or None; MSSanté domains end in `.mssante.fr`."""
    fault = address_fault(address, own_words)
    if fault is None and not address.lower().endswith(_MSSANTE_DOMAIN):
        fault = f"expected an MSSanté mailbox, whose domain ends in {_MSSANTE_DOMAIN}"
    return fault


def names_a_person(name: str) -> bool:
    """Whether the name of a service carries a civility or a title, as a person's would."""
    text = plain(name)
    return "@" in text or _CIVILITY.search(text) is not None or _CIVILITY_DOT.search(text) is not None
