"""What a fetch does by itself, from its state on: ask, choose the most recent, bring it over, check it.

A restart goes on where the last commit was: services that had not replied are asked, a document that was on its way is
asked for again from its first byte. Nothing here waits for a person: a fetch that needs one stops in *choosing*, one
that needs a holder's person or a later attempt in *waiting*.
"""

from typing import Final

from connector.core.codes import Code
from connector.core.errors import ConnectorError, FailedClosed
from connector.core.states import FetchState
from connector.requester.asking import Asking
from connector.requester.bringing import Bringing
from connector.requester.errand import Errand
from connector.requester.means import Means, give_up

_OF_THE_VAULT: Final = frozenset({Code.VAULT_UNAVAILABLE, Code.VAULT_DAMAGED})


async def pursue(errand: Errand, means: Means, *, unattended: bool = False, permitted: bool = False) -> None:
    """Carry a fetch as far as it goes without a person; an error of this house ends it as failed, or what was chosen.

    `unattended`: no practitioner waits for it. `permitted`: the rules were looked at just now.

    Raises:
        FailedClosed: state or ledger cannot be kept: the fetch stays as it was last committed, to be taken up later.
    """
    asking = Asking(errand, means, unattended=unattended)
    try:
        if errand.fetch.state is FetchState.ASKING:
            await asking.run(permitted=permitted)
        if errand.fetch.state in {FetchState.DOWNLOADING, FetchState.CHECKING}:
            await Bringing(errand, means, asking).run()
    except ConnectorError as error:
        if isinstance(error, FailedClosed) and error.code not in _OF_THE_VAULT:
            raise
        await give_up(errand, means, FetchState.FAILED, error.code, str(error))
