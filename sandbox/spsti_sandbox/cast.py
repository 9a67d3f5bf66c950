"""The named workers of the demonstration: the same persons for every seed, each with what is to be expected.

Service *c* asks *a* and *b*. What each service's database holds about them is written by `vendor_db` from these values,
so that a test can compare an answer with the plan.
"""

from dataclasses import dataclass
from datetime import timedelta

from connector.core.days import Day
from connector.core.identity import IdentityStatus, QualifiedIdentity
from connector.core.matricule import Ins
from connector.core.records import Opposition
from connector.core.traits import StrictTraits
from spsti_sandbox.population import CAST_ORDERS, body_of, ins_of


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a member's DMST summary: the day of its newest act, and the vendor's state of it."""

    last_act_on: Day
    state: str = "valide"
    communicable: bool = True
    extent: str = "complet"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """What one service holds about a member of the cast; versions in the order in which they were recorded.

    `verified_on` is drawn where it is None and there is an INS.
    """

    ins: Ins | None
    traits: StrictTraits
    versions: tuple[Version, ...] = ()
    status: IdentityStatus = IdentityStatus.QUAL
    opposition: Opposition = Opposition.NO
    former: tuple[Ins, ...] = ()
    verified_on: Day | None = None


@dataclass(frozen=True, slots=True)
class CastMember:
    """A named worker: `asked` is the identity that *c* states, `files` what each service holds."""

    key: str
    story: str
    asked: QualifiedIdentity
    files: dict[str, LocalFile]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody by role."""

    newer_at_b: CastMember
    unknown: CastMember
    only_at_a: CastMember
    objected: CastMember
    opposition_unknown: CastMember
    traits_differ: CastMember
    spelling_differs: CastMember
    equal_dates: CastMember
    matricule_changed: CastMember
    not_qualified: CastMember
    not_communicable: CastMember
    amended: CastMember
    cancelled: CastMember
    two_on_one_day: CastMember
    acquired: CastMember
    verification_fails: CastMember

    def members(self) -> tuple[CastMember, ...]:
        """Give all of them, in the order of the fields."""
        return tuple(getattr(self, name) for name in self.__slots__)


def cast(as_of: Day) -> Cast:
    """Make the cast; every day of an act lies before `as_of`."""
    return _Casting(as_of).cast()


class _Casting:
    """Makes the members one after another, each with an order number of its own."""

    def __init__(self, as_of: Day) -> None:
        self._as_of = as_of
        self._orders = iter(CAST_ORDERS)

    def cast(self) -> Cast:
        ago, version = self._ago, self._version
        return Cast(
            newer_at_b=self._simple(
                "newer_at_b",
                "known to a and b; the newer record is at b",
                ("MOREAU", "CAMILLE JEANNE", "F", "1984-05-17", "21231"),
                a=(version(820),),
                b=(version(1190), version(46)),
            ),
            unknown=self._simple(
                "unknown", "known to no service", ("VASSEUR", "BASILE", "M", "1991-09-30", "59350"), c=None
            ),
            only_at_a=self._simple(
                "only_at_a",
                "recorded at a only: nobody has it while a is down",
                ("L'HUILLIER", "ANNE-SOPHIE", "F", "1979-01-08", "2B033"),
                a=(version(150),),
            ),
            objected=self._simple(
                "objected",
                "has objected at a and b",
                ("DE LA TOUR", "PAUL-ANTOINE LOUIS", "M", "1968-11-23", "75114"),
                opposition=Opposition.YES,
                a=(version(90),),
                b=(version(400),),
            ),
            opposition_unknown=self._simple(
                "opposition_unknown",
                "was never asked whether they object",
                ("KOWALSKI", "KATARZYNA", "F", "1990-04-02", "99122"),
                opposition=Opposition.UNKNOWN,
                a=(version(60),),
            ),
            traits_differ=self._traits_differ(),
            spelling_differs=self._spelling_differs(),
            equal_dates=self._simple(
                "equal_dates",
                "recorded at a and b with the same day of the newest act",
                ("N'DIAYE", "IBRAHIMA", "M", "1987-07-14", "99341"),
                a=(version(75),),
                b=(version(75, extent="synthese"),),
            ),
            matricule_changed=self._matricule_changed(),
            not_qualified=self._simple(
                "not_qualified",
                "at a the identity is recovered from INSi and not checked against a document",
                ("LE GOFF", "YANN", "M", "1995-02-26", "29019"),
                status_at_a=IdentityStatus.RECUP,
                a=(version(30),),
            ),
            not_communicable=self._simple(
                "not_communicable",
                "at a only versions that may not be given: one not signed yet, one kept from other services",
                ("SAINT-ANDRE", "ELISE", "F", "1972-12-05", "97411"),
                a=(Version(ago(20), state="brouillon"), Version(ago(300), communicable=False)),
            ),
            amended=self._simple(
                "amended",
                "at b a version was replaced by one of an earlier day: the amended day counts",
                ("MARTIN--DURAND", "LUCIE", "F", "1993-03-19", "69383"),
                b=(version(40, state="remplace"), version(70)),
            ),
            cancelled=self._simple(
                "cancelled",
                "at b the newest version was withdrawn: the one before counts",
                ("ROUX", "THIERRY MARC", "M", "1966-08-11", "2A004"),
                b=(version(500), version(25, state="annule")),
            ),
            two_on_one_day=self._simple(
                "two_on_one_day",
                "at b two versions bear the same day: the one recorded last counts",
                ("FERREIRA", "TIAGO", "M", "1989-10-10", "99139"),
                b=(version(33, extent="synthese"), version(33)),
            ),
            acquired=self._simple(
                "acquired",
                "comes to c without an INS: it is acquired from INSi by traits; the record is at b",
                ("LEMAITRE", "SOLENE MARIE", "F", "1996-10-04", "22278"),
                b=(version(64),),
                c=None,
            ),
            verification_fails=self._verification_fails(),
        )

    def _ago(self, days: int) -> Day:
        return Day.of(self._as_of.to_date() - timedelta(days=days))

    def _version(self, days_ago: int, *, state: str = "valide", extent: str = "complet") -> Version:
        return Version(self._ago(days_ago), state=state, extent=extent)

    def _person(self, person: tuple[str, str, str, str, str]) -> QualifiedIdentity:
        name, given_names, sex, born_on, born_at = person
        traits = StrictTraits.parse(
            birth_name=name, birth_given_names=given_names, sex=sex, birth_date=born_on, birth_place=born_at
        )
        ins = ins_of(body_of(traits, month=born_on[5:7], order=next(self._orders)))
        return QualifiedIdentity(ins, traits, self._ago(120))

    def _simple(
        self,
        key: str,
        story: str,
        person: tuple[str, str, str, str, str],
        *,
        opposition: Opposition = Opposition.NO,
        status_at_a: IdentityStatus = IdentityStatus.QUAL,
        a: tuple[Version, ...] = (),
        b: tuple[Version, ...] = (),
        c: tuple[Version, ...] | None = (),
    ) -> CastMember:
        """Make one whose identity is the same everywhere; known to c without a record, unless `c` is None."""
        asked = self._person(person)
        held = {"a": a or None, "b": b or None, "c": c}
        files = {
            service: LocalFile(
                asked.ins,
                asked.traits,
                versions,
                status=status_at_a if service == "a" else IdentityStatus.QUAL,
                opposition=Opposition.NO if service == "c" else opposition,
            )
            for service, versions in held.items()
            if versions is not None
        }
        return CastMember(key, story, asked, files)

    def _traits_differ(self) -> CastMember:
        asked = self._person(("BENALI", "NADIA", "F", "1982-06-03", "25056"))
        theirs = _with(asked.traits, birth_date="1982-03-06")
        return CastMember(
            "traits_differ",
            "at a the birth date has month and day exchanged",
            asked,
            {
                "a": LocalFile(asked.ins, theirs, (self._version(110),)),
                "c": LocalFile(asked.ins, asked.traits),
            },
        )

    def _verification_fails(self) -> CastMember:
        asked = self._person(("OLIVEIRA", "BRUNO", "M", "1986-02-09", "38185"))
        return CastMember(
            "verification_fails",
            "verified too long ago at c; INSi has another birth place today",
            asked,
            {
                "b": LocalFile(asked.ins, asked.traits, (self._version(130),)),
                "c": LocalFile(asked.ins, asked.traits, verified_on=self._ago(2000)),
            },
        )

    def _spelling_differs(self) -> CastMember:
        asked = self._person(("D'ALMEIDA", "JEAN-CHRISTOPHE PAUL", "M", "1977-09-21", "33063"))
        theirs = _with(asked.traits, birth_name="D ALMEIDA", birth_given_names="JEAN CHRISTOPHE PAUL")
        return CastMember(
            "spelling_differs",
            "at b hyphen and apostrophe are spaces: still the same person",
            asked,
            {
                "b": LocalFile(asked.ins, theirs, (self._version(55),)),
                "c": LocalFile(asked.ins, asked.traits),
            },
        )

    def _matricule_changed(self) -> CastMember:
        asked = self._person(("TRAORE", "AMINATA", "F", "1998-01-15", "99335"))
        today = ins_of(body_of(asked.traits, month="02", order=next(self._orders)))
        return CastMember(
            "matricule_changed",
            "at a INSi gave a new matricule; the one asked for stands in its history",
            asked,
            {
                "a": LocalFile(today, asked.traits, (self._version(80),), former=(asked.ins,)),
                "c": LocalFile(asked.ins, asked.traits),
            },
        )


def _with(traits: StrictTraits, **changed: str) -> StrictTraits:
    return StrictTraits.parse(**{**traits.to_json(), **changed})
