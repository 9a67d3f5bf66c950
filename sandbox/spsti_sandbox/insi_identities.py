"""The identities that the INSi simulator holds, and the searches that the qualification platform answers otherwise.

Published by CNDA, ANS and an open-source client as test data (reference/ins.md section 6 names each source); all are
fictitious. Four were published with a wrong key: they are kept as they were, to be refused.
"""

from dataclasses import dataclass
from typing import Final

NIR: Final = "1.2.250.1.213.1.4.8"
NIA: Final = "1.2.250.1.213.1.4.9"
TEST: Final = "1.2.250.1.213.1.4.10"


@dataclass(frozen=True, slots=True)
class FormerIns:
    """An entry of INSHISTO: fifteen characters and OID, with the days that INSi gives or not."""

    matricule: str
    oid: str = NIR
    begins: str = ""
    ends: str = ""


@dataclass(frozen=True, slots=True)
class SimulatedIdentity:
    """One person, as the simulator answers it; nothing is checked, so that it can hold what a client must refuse.

    `writes_prenom`: CNDA's answer files repeat the first given name in `Prenom`, live answers have none.
    """

    birth_name: str
    given_names: str
    sex: str
    birth_date: str
    birth_place: str
    matricule: str
    oid: str = NIR
    history: tuple[FormerIns, ...] = ()
    writes_prenom: bool = False


PUBLISHED: Final = (
    SimulatedIdentity("ADRTROIS", "DOMINIQUE", "F", "1997-02-26", "2A020", "297022A02077878"),
    SimulatedIdentity("ADRTROIS", "TOUSSAINT", "M", "1960-01-01", "2B020", "160012B02077713"),
    SimulatedIdentity("TCHITCHI", "CATARINA BELLA", "F", "1936-06-21", "63220", "236066322083656"),
    SimulatedIdentity(
        "ECETINSI",
        "PIERRE-ALAIN MURIEL FLORIANT",
        "M",
        "2009-07-14",
        "63220",
        "109076322083489",
        history=(FormerIns("209076322083439", NIR, "2019-03-01", "2019-02-28"), FormerIns("209066322012355")),
    ),
    SimulatedIdentity("ADRUN", "ZOE", "F", "1975-12-31", "63220", "275126322074974"),
    SimulatedIdentity(
        "CORSE",
        "ANTHONY",
        "M",
        "1980-03-02",
        "2B020",
        "180032B02040123",
        history=(FormerIns("180032B02040123"),),
        writes_prenom=True,
    ),
    SimulatedIdentity("NESSI", "MICHELANGELO ANTHONY", "M", "2010-08-07", "63220", "110086322083060"),
    SimulatedIdentity(
        "PROVISOIRE", "MATRICULE", "M", "2009-07-01", "63220", "109076322088835", NIA, writes_prenom=True
    ),
    SimulatedIdentity(
        "D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN MURIEL FLORIANT", "M", "2001-06-17", "63220", "101066322075460"
    ),
    SimulatedIdentity("PAT-TROIS", "DOMINIQUE MARIE-LOUISE", "F", "1979-03-28", "51215", "279035121518989", TEST),
    SimulatedIdentity("NESSI", "RUTH ISABELLE", "F", "1977-07-14", "63220", "277076322082910"),
)

WRONG_KEY: Final = (
    SimulatedIdentity(
        "HERMANN",
        "GATIEN",
        "M",
        "1981-03-24",
        "63220",
        "181036322045660",
        history=(FormerIns("181036322045660"), FormerIns("281036322045610")),
        writes_prenom=True,
    ),
    SimulatedIdentity("DECOURCY", "LEA MARIE", "F", "2024-02-28", "75115", "224027511583555", TEST),
    SimulatedIdentity("DECOURCY", "RUTH ISABELLE", "F", "2021-04-25", "75056", "221042545611404", TEST),
    SimulatedIdentity("DECOURCY", "MARIE", "F", "1976-05-31", "92012", "276059205062865"),
)

SEVERAL: Final = (("DE VINCI", "LEONARDO", "M", "2014-02-01"),)
"""Birth name, given name, sex, date of searches that find several persons, whatever else is searched with."""

NOT_LOADED: Final = (("DE VINCI", "RUTH", "F", "1976-07-14"), ("D'AEION", "COEUR", "M", "1987-01-25"))
"""Searches that the qualification platform answers with the fault insi_102."""
