"""What both halves share: the transport's life, health, and the trace."""

from connector.contract import AdapterContext, AdapterError, AdapterHealth, Problem, Trace
from spsti_adapter_http.exchange import Exchange
from spsti_adapter_http.forms import CONTRACT_VERSION, HealthForm, parsed, trace_json
from spsti_adapter_http.options import HttpOptions
from spsti_adapter_http.transport import Transport, open_transport


class Half:
    """One half's way to the vendor's side; belongs to one event loop from `start` to `close`."""

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        self._options, self._context = options, context
        self._transport: Transport | None = None
        self._exchange: Exchange | None = None

    @property
    def exchange(self) -> Exchange:
        """The exchange.

        Raises:
            AdapterError: `unreachable`, not started or closed.
        """
        if self._exchange is None:
            raise AdapterError(Problem.UNREACHABLE, "not started")
        return self._exchange

    async def start(self) -> None:
        """Read the keys and make the session, once."""
        if self._transport is not None:
            return
        self._transport = await open_transport(self._options, self._context)
        self._exchange = Exchange(self._transport, self._options)

    async def close(self) -> None:
        """Close the connections."""
        transport, self._transport, self._exchange = self._transport, None, None
        if transport is not None:
            await transport.close()

    async def health(self) -> AdapterHealth:
        """Ask the vendor's side, and say in words of ours what keeps it from answering."""
        try:
            told = parsed(HealthForm, await self.exchange.ask("GET", "/health"))
        except AdapterError as error:
            return AdapterHealth(ok=False, detail=" ".join(str(one) for one in (error.problem.value, *error.args[1:2])))
        if told.contract_version != CONTRACT_VERSION:
            return AdapterHealth(ok=False, detail=f"serves contract {told.contract_version}, not {CONTRACT_VERSION}")
        return AdapterHealth(ok=told.ok, detail=told.detail)

    async def trace(self, trace: Trace) -> None:
        """Hand over one access."""
        await self.exchange.ask("POST", "/traces", trace_json(trace))
