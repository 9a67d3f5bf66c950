"""What an adapter answered, checked before anybody believes it.

Types are looked at one by one, since Python would let a text pass for a day and a dataclass checks nothing. An answer
about another worker is a fault here; that a matricule changed is a fact, which `core.policy` judges.
"""

from connector.contract.faults import broken, type_name
from connector.core.coded import TYPE_DMST, Coded
from connector.core.days import BirthDate, Day
from connector.core.errors import AdapterFault
from connector.core.identity import IdentityAttribute, IdentityStatus, LocalIdentity
from connector.core.matricule import Ins
from connector.core.records import AdapterHealth, Announcement, Counts, Extent, Look, Opposition, Remark
from connector.core.traits import Sex, StrictTraits

MAX_TEXT = 256
"""Characters of a vendor's reference, version or author, of a code, or of a health detail."""

MAX_REMARKS = 50


class AnswerChecks:
    """The checks of one adapter's answers; all raise AdapterFault `adapter.contract`."""

    def __init__(self, adapter: str) -> None:
        self._adapter = adapter

    # One look stands behind each lookup: its rules are written out, since a call for each of them costs as much as the
    # rest of the guard.

    def look(self, answer: object, asked: Ins, today: str) -> Look:
        """Give the look, if it is one about the worker asked for. `today` is the day in France, `YYYY-MM-DD`."""
        if type(answer) is not Look:
            raise self.broken("look", type_name(answer), "a Look")
        if type(answer.opposition) is not Opposition:
            raise self._wrong("look", "opposition", answer.opposition, "an Opposition")
        identity, announcement = answer.identity, answer.announcement
        if identity is not None:
            self._identity(identity, asked)
        if announcement is not None:
            if identity is None:
                raise self.broken("look", "a record without an identity", "both, or neither")
            self._announcement(announcement, today)
        return answer

    def _identity(self, identity: object, asked: Ins) -> None:
        if type(identity) is not LocalIdentity:
            raise self.broken("look", f"identity of type {type_name(identity)}", "a LocalIdentity or None")
        ins, former, traits, attributes = identity.ins, identity.former, identity.traits, identity.attributes
        if type(identity.status) is not IdentityStatus:
            raise self._wrong("look", "status", identity.status, "an IdentityStatus")
        if ins is not None and type(ins) is not Ins:
            raise self._wrong("look", "ins", ins, "an Ins or None")
        if type(former) is not tuple or (former and not all(type(one) is Ins for one in former)):
            raise self._wrong("look", "former", former, "a tuple of Ins")
        if ins is not asked and ins != asked and asked not in former:
            raise self.broken("look", "another worker's identity", "the INS asked for, active or in the history")
        if type(traits) is not StrictTraits:
            raise self._wrong("look", "traits", traits, "StrictTraits")
        if type(traits.sex) is not Sex:
            raise self._wrong("look", "sex", traits.sex, "a Sex")
        if type(traits.birth_date) is not BirthDate:
            raise self._wrong("look", "birth_date", traits.birth_date, "a BirthDate")
        if type(traits.birth_given_names) is not tuple:
            raise self._wrong("look", "birth_given_names", traits.birth_given_names, "a tuple of texts")
        if type(attributes) is not frozenset or (
            attributes and not all(type(attribute) is IdentityAttribute for attribute in attributes)
        ):
            raise self._wrong("look", "attributes", attributes, "a frozenset of IdentityAttribute")
        if identity.verified_on is not None and type(identity.verified_on) is not Day:
            raise self._wrong("look", "verified_on", identity.verified_on, "a Day or None")

    def _announcement(self, announcement: object, today: str) -> None:
        if type(announcement) is not Announcement:
            raise self.broken("look", f"announcement of type {type_name(announcement)}", "an Announcement or None")
        self._text("look", "record_ref", announcement.record_ref)
        self._text("look", "version", announcement.version)
        self._text("look", "content_type", announcement.content_type)
        author, kind, at = announcement.author, announcement.document_type, announcement.updated_at
        if type(author) is not str:
            raise self._wrong("look", "author", author, "a text")
        if len(author) > MAX_TEXT:
            raise self._wrong("look", "author", author, f"{MAX_TEXT} at most")
        if type(announcement.extent) is not Extent:
            raise self._wrong("look", "extent", announcement.extent, "an Extent")
        if kind is not TYPE_DMST:  # which nearly every adapter gives
            self._code("look", "document_type", kind)
        if type(at) is not int or at < 0:
            raise self._wrong("look", "updated_at", at, "an Instant: whole seconds since 1970 UTC")
        if type(announcement.last_act_on) is not Day:
            raise self._wrong("look", "last_act_on", announcement.last_act_on, "a Day")
        if str(announcement.last_act_on) > today:
            raise self.broken("look", "last_act_on after today in France", "the day of an act that took place")

    def health(self, answer: object) -> AdapterHealth:
        """Give the health; its detail goes to IT staff, so numbers that could be a matricule are taken out."""
        if type(answer) is not AdapterHealth:
            raise self.broken("health", type_name(answer), "an AdapterHealth")
        self._must(type(answer.ok) is bool, "health", "ok", answer.ok, "True or False")
        self._must(type(answer.detail) is str, "health", "detail", answer.detail, "a text")
        return AdapterHealth(answer.ok, without_numbers(answer.detail))

    def remarks(self, answer: object) -> tuple[Remark, ...]:
        """Give the remarks, put into form as a health's detail is."""
        if not isinstance(answer, list | tuple) or len(answer) > MAX_REMARKS:
            raise self.broken("remarks", type_name(answer), f"{MAX_REMARKS} Remarks at most")
        for remark in answer:
            if type(remark) is not Remark:
                raise self.broken("remarks", type_name(remark), "a Remark")
            is_right = remark.ok is None or type(remark.ok) is bool
            self._must(is_right, "remarks", "ok", remark.ok, "True, False or None")
            self._must(type(remark.text) is str, "remarks", "text", remark.text, "a text")
        return tuple(Remark(remark.ok, without_numbers(remark.text)) for remark in answer)

    def counts(self, answer: object) -> Counts | None:
        """Give the counts, each part at most the whole."""
        if answer is None:
            return None
        if type(answer) is not Counts:
            raise self.broken("counts", type_name(answer), "Counts or None")
        for name in ("workers", "with_ins", "qualified", "opposition_known", "document_available", "answerable"):
            value = getattr(answer, name)
            if value is None and name != "workers":
                continue
            self._must(type(value) is int and value >= 0, "counts", name, value, "a whole number from 0")
            self._must(value <= answer.workers, "counts", name, value, "at most the number of workers")
        return answer

    def reference(self, answer: object) -> str:
        """Give the reference under which a document was filed."""
        return self._text("file", "reference", answer)

    def piece(self, piece: object) -> bytes:
        """Give a piece of a document, if it is bytes."""
        if type(piece) is not bytes:
            raise self.broken("document", f"a piece of type {type_name(piece)}", "bytes")
        return piece

    def broken(self, operation: str, got: str, expected: str) -> AdapterFault:
        """Make the fault; `got` is a type or a shape."""
        return broken(adapter=self._adapter, operation=operation, got=got, expected=expected)

    def _text(self, operation: str, name: str, value: object) -> str:
        if type(value) is str and 0 < len(value) <= MAX_TEXT and value.isprintable():
            return value
        if type(value) is not str:
            raise self.broken(operation, f"{name} of type {type_name(value)}", "a text")
        raise self.broken(operation, f"{name} of {len(value)} characters", f"1 to {MAX_TEXT}, printable")

    def _code(self, operation: str, name: str, value: object) -> None:
        if type(value) is not Coded:
            raise self._wrong(operation, name, value, "a Coded")
        self._text(operation, f"{name}.system", value.system)
        self._text(operation, f"{name}.code", value.code)

    def _must(self, is_right: bool, operation: str, name: str, value: object, expected: str) -> None:  # noqa: FBT001
        if not is_right:
            raise self._wrong(operation, name, value, expected)

    def _wrong(self, operation: str, name: str, value: object, expected: str) -> AdapterFault:
        return self.broken(operation, f"{name} that is not (type {type_name(value)})", expected)


def without_numbers(text: str) -> str:
    """Cut a text for IT staff short and take out every number that could be part of a matricule."""
    words = text[:MAX_TEXT].split()
    return " ".join("[number]" if sum(char.isdigit() for char in word) > 5 else word for word in words)
