"""Synthetic persons in numbers: matricules with their keys under the test OID, and traits as different as wanted."""

from connector.core.identity import QualifiedIdentity
from connector.core.matricule import Ins
from connector.core.traits import StrictTraits
from tests.kit.state import TRAITS


def a_matricule(order: int, place: str = "51215", head: str = "27903") -> Ins:
    """The INS of somebody born there with this order number: what an enumerator counts up."""
    body = f"{head}{place}{order:03}"
    return Ins.parse("1.2.250.1.213.1.4.10", f"{body}{97 - int(body) % 97:02}")


def a_person(number: int, **traits: str) -> QualifiedIdentity:
    """Somebody with traits and a matricule of their own."""
    place = f"51{100 + number // 900}"
    values = {
        "birth_name": "PERSONNE" + "".join(chr(65 + int(digit)) for digit in str(number)),
        "birth_given_names": "ALIX",
        "sex": "F",
        "birth_date": "1979-03-05",
        "birth_place": place,
    }
    return QualifiedIdentity(a_matricule(number % 900 + 1, place), StrictTraits.parse(**(values | traits)))


def a_guess(order: int) -> QualifiedIdentity:
    """Our worker's traits, with one of the matricules that they leave possible."""
    return QualifiedIdentity(a_matricule(order), TRAITS)
