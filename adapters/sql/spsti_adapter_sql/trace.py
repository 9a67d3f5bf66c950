"""The access that both halves write into the DMST (R4624-45-5): once, however often it comes."""

from connector.contract import AdapterError, Problem, Trace
from spsti_adapter_sql.database import Database, bound
from spsti_adapter_sql.faults import DuplicateError
from spsti_adapter_sql.moments import moment_for
from spsti_adapter_sql.queries import must_add_a_row, parameters


def add(database: Database, query: str, names: frozenset[str], values: dict[str, object]) -> None:
    """Run a statement that adds one row, durable when this returns; a row with its unique key may be there already.

    Raises:
        AdapterError: what the database refused stands for; `data`: an INSERT that added nothing.
    """
    try:
        with database.using() as connection:
            result = bound(connection, query, names, values)
            if must_add_a_row(query) and result.rowcount == 0:
                raise AdapterError(Problem.DATA, "the INSERT added no row")
    except DuplicateError:
        return


class TraceWriter:
    """Binds a trace to the configured statement."""

    def __init__(self, database: Database, query: str, time_zone: str) -> None:
        self._database, self._query, self._time_zone = database, query, time_zone
        self._names = parameters(query)

    def write(self, trace: Trace) -> None:
        """Write it.

        Raises:
            AdapterError: it is not written.
        """
        values: dict[str, object] = {
            "trace_id": trace.trace_id,
            "at": moment_for(self._database.dialect, trace.at, self._time_zone),
            "action": trace.action.value,
            "matricule": trace.ins.matricule.value,
            "oid": trace.ins.oid.value,
            "member": trace.peer.value,
            "practitioner_id": trace.practitioner_id,
            "practitioner_name": trace.practitioner_name,
            "purpose_system": trace.purpose.system,
            "purpose_code": trace.purpose.code,
            "outcome": trace.outcome,
        }
        add(self._database, self._query, self._names, values)
