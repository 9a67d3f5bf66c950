"""The published test identities, where the reference files stand beside the checkout (or under SPSTI_SHARED)."""

import json
import os
from pathlib import Path

import pytest

from connector.core.errors import IdentityFault
from connector.core.identity import Agreement, IdentityStatus, LocalIdentity, QualifiedIdentity, compare
from connector.core.matricule import Ins, key_of
from connector.core.spelling import first_name_agrees
from connector.core.traits import StrictTraits

SHARED = Path(os.environ.get("SPSTI_SHARED", Path(__file__).parents[3] / "shared"))
FILE = SHARED / "reference" / "insi" / "test-identities.json"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="no reference files: set SPSTI_SHARED to read them")


@pytest.fixture(scope="module")
def published():
    return json.loads(FILE.read_text())


def traits_of(person):
    return StrictTraits.from_json({**person, "birth_place": person["birth_place_cog"]})


def test_every_published_identity_agrees_with_itself_in_the_spelling_it_has(published):
    for person in published["valid"]:
        ins = Ins.parse(person["oid"], person["matricule"])
        former = tuple(Ins.parse(old["oid"], old["matricule"]) for old in person["history"])
        held = LocalIdentity(ins, traits_of(person), IdentityStatus.QUAL, former=former)

        assert first_name_agrees(person["first_birth_given_name"], person["birth_given_names"])
        assert compare(held.qualified(), held).agreement is Agreement.SAME
        for old in set(former) - {ins}:
            assert compare(QualifiedIdentity(old, held.traits), held).agreement is Agreement.MATRICULE_CHANGED


def test_every_published_identity_with_a_wrong_key_is_refused(published):
    for person in published["wrong_key"]:
        traits_of(person)
        with pytest.raises(IdentityFault, match="key"):
            Ins.parse(person["oid"], person["matricule"])
        assert key_of(person["matricule"][:13]) == person["computed_key"]


def test_no_two_published_identities_agree(published):
    people = [
        LocalIdentity(Ins.parse(person["oid"], person["matricule"]), traits_of(person), IdentityStatus.QUAL)
        for person in published["valid"]
    ]

    for place, one in enumerate(people):
        for other in people[:place]:
            assert not compare(one.qualified(), other).is_same_person
