"""Delivers into the demonstration vendor's database: received documents, what workers were told, accesses."""

from collections.abc import Iterator
from typing import ClassVar

from connector.contract import (
    AdapterContext,
    AdapterError,
    AdapterHealth,
    AdapterOptions,
    Problem,
    ReceivedDocument,
    Sink,
    ToldToWorker,
    Trace,
)
from spsti_adapter_demo.database import Database, DemoOptions
from spsti_adapter_demo.worker import known_worker_id, moment, write_trace


class DemoSink(Sink):
    """Adds to `document_recu`, `information_travailleur`, `opposition` and `acces`."""

    contract_version = 1
    Options: ClassVar[type[AdapterOptions]] = DemoOptions

    def __init__(self, options: DemoOptions, context: AdapterContext) -> None:
        self._database = Database(options, context)

    def file(self, document: ReceivedDocument, content: Iterator[bytes]) -> str:
        """File the PDF under its worker, written piece by piece into a row that is there whole or not at all."""
        with self._database.writing() as connection:
            worker = known_worker_id(connection, document.ins)
            found = connection.execute(
                "SELECT id FROM document_recu WHERE salarie_id = ? AND sha256 = ?", (worker, document.sha256_hex)
            ).fetchone()
            if found is not None:
                return f"document_recu {found[0]}"
            row_id = connection.execute(
                "INSERT INTO document_recu (salarie_id, service, service_nom, date_dernier_acte, recu_le,"
                " type_systeme, type_code, sha256, sha256_original, taille, format, contenu)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, zeroblob(?))",
                (
                    worker,
                    document.peer.value,
                    document.peer_name,
                    str(document.last_act_on),
                    moment(document.received_at),
                    document.document_type.system,
                    document.document_type.code,
                    document.sha256_hex,
                    document.original_sha256_hex,
                    document.size,
                    document.content_type,
                    document.size,
                ),
            ).lastrowid
            if row_id is None:
                raise AdapterError(Problem.UNREACHABLE, "the database gave the new row no number")
            written = 0
            with connection.blobopen("document_recu", "contenu", row_id) as blob:
                for piece in content:
                    if written + len(piece) > document.size:
                        raise AdapterError(Problem.DATA, "more bytes than announced")
                    blob.write(piece)
                    written += len(piece)
            if written != document.size:
                raise AdapterError(Problem.DATA, "fewer bytes than announced")
        return f"document_recu {row_id}"

    def told(self, told: ToldToWorker) -> None:
        """Record the information and, where the worker objects, the opposition; the same again is none."""
        with self._database.writing() as connection:
            worker = known_worker_id(connection, told.ins)
            was_new = connection.execute(
                "INSERT INTO information_travailleur (salarie_id, informe_le, informe_par, moyen, s_oppose)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (worker, moment(told.at), told.by, told.means, int(told.objects)),
            ).rowcount
            # An objection is kept where `DemoSource` reads it. That a worker lets this service ask others says nothing
            # of whether others may have this service's record: it lifts no earlier objection.
            if was_new and told.objects:
                connection.execute(
                    "INSERT INTO opposition (salarie_id, reponse, recueillie_le, moyen, recueillie_par)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (worker, "s'oppose", moment(told.at), told.means, told.by),
                )

    def trace(self, trace: Trace) -> None:
        """Write the access into the DMST."""
        with self._database.writing() as connection:
            write_trace(connection, trace)

    def health(self) -> AdapterHealth:
        """Ask the database."""
        return self._database.health()

    def close(self) -> None:
        """Close the database."""
        self._database.close()
