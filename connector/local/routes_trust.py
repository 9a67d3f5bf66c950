"""The operations on limits and on what takes two people, for the table of `local.routes`."""

from typing import Final

from connector.core.codes import Code
from connector.local import trust, witnesses
from connector.local.keys import Scope
from connector.local.operation import EXAMPLE_ID, EXAMPLE_MEMBER, HOUSE_DOWN, ID, Operation, Parameter
from connector.local.requests import MEMBER_PATTERN
from connector.local.trust_answers import BlocksOut, ConfirmedOut, LimitsOut, ProposalOut, ProposalsOut
from connector.local.trust_requests import ConfirmIn, LimitsIn, ProposalIn, WithdrawIn
from connector.local.witness_answers import WitnessesOut

_MEMBER_ID: Final = Parameter(
    "id", "path", "Struct_IdNat of the service", {"type": "string", "pattern": MEMBER_PATTERN}, EXAMPLE_MEMBER
)
_PROPOSAL_ID: Final = Parameter("id", "path", "the proposal", ID, EXAMPLE_ID)
_BODY: Final = (*HOUSE_DOWN, Code.REQUEST_NOT_SUPPORTED, Code.REQUEST_TOO_LARGE)
_OF_A_MEMBER: Final = (Code.LOCAL_NOT_FOUND, Code.IDENTITY_MALFORMED)

TRUST: Final = (
    Operation(
        "GET", "/api/v1/journal/witnesses", "listWitnesses", "Who witnessed our ledgers, and what is wrong with any",
        witnesses.show, Scope.STATUS, answer=WitnessesOut, codes=HOUSE_DOWN,
        description="With every fault and gap that was ever found in a ledger, and the signed texts that prove it.",
    ),
    Operation(
        "GET", "/api/v1/limits", "listBlocks", "List what is blocked here", trust.blocks, Scope.STATUS,
        answer=BlocksOut,
    ),
    Operation(
        "GET", "/api/v1/members/{id}/limits", "getLimits", "Read how a service stands against its limits",
        trust.show_limits, Scope.STATUS, answer=LimitsOut, parameters=(_MEMBER_ID,), codes=_OF_A_MEMBER,
    ),
    Operation(
        "POST", "/api/v1/members/{id}/limits", "setLimits", "Set other numbers for a service", trust.set_limits,
        Scope.OPERATE, answer=LimitsOut, body=LimitsIn, parameters=(_MEMBER_ID,), codes=(*_BODY, *_OF_A_MEMBER),
        description="Without a number, those that are configured count again. Journalled with who and why.",
    ),
    Operation(
        "GET", "/api/v1/proposals", "listProposals", "List what waits for a second person", trust.proposals,
        Scope.OPERATE, answer=ProposalsOut, codes=HOUSE_DOWN,
    ),
    Operation(
        "POST", "/api/v1/proposals", "propose", "Propose what takes two people", trust.propose, Scope.OPERATE,
        answer=ProposalOut, body=ProposalIn, status=201, codes=(*_BODY, Code.LOCAL_NOT_FOUND, Code.LOCAL_CONFLICT),
        description="Lifting a block, erasing an entry, beginning a new ledger. It ends after a day.",
    ),
    Operation(
        "POST", "/api/v1/proposals/{id}/confirm", "confirmProposal", "Confirm, as a second person", trust.confirm,
        Scope.OPERATE, answer=ConfirmedOut, body=ConfirmIn, parameters=(_PROPOSAL_ID,),
        codes=(*_BODY, Code.LOCAL_NOT_FOUND, Code.LOCAL_CONFLICT),
        description="With another API key and another name than the proposal's; then it is done at once.",
    ),
    Operation(
        "POST", "/api/v1/proposals/{id}/withdraw", "withdrawProposal", "Take a proposal back", trust.withdraw,
        Scope.OPERATE, answer=ProposalOut, body=WithdrawIn, parameters=(_PROPOSAL_ID,),
        codes=(*_BODY, Code.LOCAL_NOT_FOUND),
    ),
)  # fmt: skip
