"""What may be found inside a PDF, what a service decided to do about it, and what came of it (DESIGN section 8).

Values only: who looks is `connector.inspection`, and the fetch keeps what was found (`core.fetch.FetchedDocument`).
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.evidence import DocumentDigest


class FindingKind(StrEnum):
    """What can be found in a PDF that is more than pages to read (reference/security.md section 9, attack 10)."""

    SCRIPTS = "scripts"
    """JavaScript, in actions, names or renditions."""
    LAUNCH = "launch"
    """Actions that start a program or open a file."""
    EMBEDDED_FILES = "embedded_files"
    """Files inside the file: attachments, file annotations, portfolios."""
    EXTERNAL_REFERENCES = "external_references"
    """What leaves the document: forms that send, data or pages from elsewhere, addresses that open by themselves."""
    MEDIA = "media"
    """Sound, film, 3D and rich media, each of which another program plays."""
    XFA = "xfa"
    """Forms in XML, which bring a script engine of their own."""
    ENCRYPTION = "encryption"
    """The file is encrypted; it opens without a password."""
    FOREIGN_DATA = "foreign_data"
    """Bytes of another format beside the PDF: the file can be read as something else."""
    DAMAGE = "damage"
    """The file is not built as a PDF must be, so that two readers may see two documents."""


class Handling(StrEnum):
    """What a service decided about one kind."""

    REFUSE = "refuse"
    """A document that holds it is not shown."""
    STRIP = "strip"
    """A copy without it is shown; the digest of the original is kept."""
    ALLOW = "allow"
    """It is shown as it came, and said."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind that was found, in how many places, and what was done about it."""

    kind: FindingKind
    count: int
    handling: Handling


@dataclass(frozen=True, slots=True)
class Inspected:
    """A document that may be shown: as it came, or, where `shown` is set, as the copy of that digest."""

    findings: tuple[Finding, ...] = ()
    shown: DocumentDigest | None = None
