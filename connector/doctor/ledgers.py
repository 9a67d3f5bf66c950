"""Whether the ledgers are what was signed: what keeps a start from happening, or a running house from answering."""

from collections.abc import Iterator

from connector.core.errors import FailedClosed
from connector.doctor.finding import Finding, critical
from connector.doctor.patient import Patient
from connector.ledger.heads import LedgerKeys
from connector.ledger.standing import standing_of_ledgers
from connector.store.epoch_home import belongs


def ledgers(patient: Patient) -> Iterator[Finding]:
    """Look at both ledgers and at what witnesses showed of them; nothing where all is well, or nothing is there yet."""
    material, database = patient.material, patient.material.state.database
    if not database.is_file():
        return  # told by the look at the state
    keys = LedgerKeys(material.member.id, material.ledger_signer, tuple(material.member.ledger_keys()))
    try:
        found = standing_of_ledgers(database, keys)
        if not belongs(database, material.state.epochs):
            yield critical("ledger", "ledger.epochs", folder=material.state.epochs)
    except FailedClosed as error:
        yield critical("ledger", "ledger.unreadable", why=error.fault)
        return
    for why in found.differs:
        yield critical("ledger", "ledger.differs", why=why)
    for why in found.behind:
        yield critical("ledger", "ledger.behind", why=why)
