"""Who and what the local side is tested with: members, practitioners, keys, a clock set by hand, answers."""

from connector.core.coded import NURSE, PHYSICIAN, TYPE_DMST
from connector.core.days import Day
from connector.core.directory import Member, MemberStatus, TlsBinding
from connector.core.fetch import PeerAnnouncement, Reply
from connector.core.instant import Instant
from connector.core.mandate import AuthLevel
from connector.core.members import MemberId

NOW = Instant(1_795_424_400)  # 2026-11-23T09:00:00Z
US = MemberId("318751275100020")
A = MemberId("1750712184")
B = MemberId("1690781810")
C = MemberId("1540002698")
PHYSICIAN_ID, NURSE_ID, STRANGER_ID = "899700366240", "899700218896", "899700427885"
KEY, OTHER_KEY, STATUS_KEY, AUDIT_KEY, SECOND_KEY = (f"spsti_{letter * 43}" for letter in "kostw")
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2000


class Clock:
    def __init__(self, now=NOW):
        self.at, self.passed = now, 0.0

    def now(self):
        return Instant(self.at)

    def monotonic(self):
        return self.passed


class Entropy:
    """Counts, so that ids are different and known."""

    def __init__(self):
        self.count = 0

    def token(self, length):
        self.count += 1
        return self.count.to_bytes(length, "big")


def member(member_id, name, *towns, status=MemberStatus.ACTIVE, former=(), departement="69"):
    return Member(
        id=member_id,
        name=name,
        status=status,
        endpoint="https://127.0.0.1:1",
        tls=TlsBinding(),
        keys=(),
        former_names=former,
        towns=towns,
        departements=(departement,),
        contact="04 00 00 00 00",
    )


class Directory:
    version = "file:test"

    def __init__(self):
        self.rows = [
            member(US, "Santé au travail du Rhône", "Lyon"),
            member(A, "Prévention Seine", "Paris", former=("ACMS Été",), departement="75"),
            member(B, "Santé Travail Isère", "Grenoble", "Saint-Égrève", departement="38"),
            member(C, "Médecine du Jura", "Dole", status=MemberStatus.SUSPENDED, departement="39"),
        ]

    def get(self, member_id):
        return next((row for row in self.rows if row.id == member_id), None)

    def members(self):
        return tuple(self.rows)


class Listed:
    def __init__(self, name, profession, auth_level):
        self.name, self.profession, self.auth_level = name, profession, auth_level


class PractitionerList:
    def __init__(self):
        self.rows = {
            PHYSICIAN_ID: Listed("Dr Simone Ajout", PHYSICIAN, AuthLevel.SUBSTANTIAL),
            NURSE_ID: Listed("Ali Exemple", NURSE, AuthLevel.LOW),
        }

    def get(self, practitioner_id):
        return self.rows.get(practitioner_id)

    def may_ask(self, practitioner_id):
        return practitioner_id in self.rows

    may_read = may_ask


def announced(day="2026-05-12", **changes):
    found = PeerAnnouncement("a" * 32, Day.parse(day), NOW, TYPE_DMST, "pdf", "application/pdf")
    return {"reply": Reply.ANNOUNCED, "announcement": found, "elapsed_ms": 40, **changes}


WITHHELD = {"reply": Reply.WITHHELD, "elapsed_ms": 200}
