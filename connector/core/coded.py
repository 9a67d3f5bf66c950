"""Coded values that the mandate carries as `{system, code}`, and the ones this program knows by name.

Another flow of the framework is another purpose and document type with a policy of its own: these are parameters of
the configuration, and the constants below only its defaults. Sources: reference/documents.md 1.2 and 4.9 (NOS value
sets, HL7 v3-ActReason, LOINC), legal.md 8 for the professions.
"""

from dataclasses import dataclass

from connector.core.slots import set_by_slot

_NOS = "https://mos.esante.gouv.fr/NOS/"


@set_by_slot
@dataclass(frozen=True, slots=True, order=True)
class Coded:
    """A code within its code system."""

    system: str
    code: str

    def to_json(self) -> dict[str, str]:
        """Give the wire form."""
        return {"system": self.system, "code": self.code}


G15_SYSTEM = _NOS + "TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante"
G16_SYSTEM = _NOS + "TRE_G16-ProfessionFormation/FHIR/TRE-G16-ProfessionFormation"

PHYSICIAN = Coded(G15_SYSTEM, "10")
NURSE = Coded(G15_SYSTEM, "60")
INTERN = Coded(G16_SYSTEM, "10")

MAY_READ_WHOLE_RECORD = frozenset({PHYSICIAN, NURSE, INTERN})
"""Professions that may read a whole DMST (Code du travail R4624-45-5 al. 1-2, L4624-1 I; a collaborating physician
has the physician's code). The code system of interns is unconfirmed in name (documents.md 7), its OID was read."""

PURPOSE_CARE = Coded("http://terminology.hl7.org/CodeSystem/v3-ActReason", "COC")
PURPOSE_PROBE = Coded("urn:spsti-connector:purpose", "probe")
TYPE_DMST = Coded("http://loinc.org", "60591-5")


@dataclass(frozen=True, slots=True)
class Flow:
    """One exchange of the framework that a member takes part in: what for, and which kind of document."""

    name: str
    purpose: Coded
    document_type: Coded


DMST_PORTABILITY = Flow("dmst-portability", PURPOSE_CARE, TYPE_DMST)
