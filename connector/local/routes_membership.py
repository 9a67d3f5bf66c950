"""The table of the operations on the member directory, and of what this service decides alone."""

from typing import Final

from connector.core.codes import Code
from connector.local import membership
from connector.local.keys import Scope
from connector.local.membership_answers import AnsweringOut, BlockedOut, MembershipOut, RefreshOut
from connector.local.operation import EXAMPLE_MEMBER, HOUSE_DOWN, IN_A_BODY, Access, Operation, Parameter
from connector.local.requests import MEMBER_PATTERN, BlockIn, PauseIn

_MEMBER_ID: Final = Parameter(
    "id", "path", "Struct_IdNat of the service", {"type": "string", "pattern": MEMBER_PATTERN}, EXAMPLE_MEMBER
)

MEMBERSHIP: Final = (
    Operation(
        "GET", "/api/v1/directory", "getDirectory", "The member directory in force, its age, and blocks",
        membership.show, Access.LOOPBACK, answer=MembershipOut, codes=HOUSE_DOWN,
    ),
    Operation(
        "POST", "/api/v1/directory/refresh", "refreshDirectory", "Ask the copies of the directory now",
        membership.refresh, Access.LOOPBACK, answer=RefreshOut,
        codes=(*HOUSE_DOWN, Code.DIRECTORY_UNAVAILABLE, Code.CONFIG_FAULT),
        description="What is newer counts when this is answered, which may take a minute. A local file is read again.",
    ),
    Operation(
        "POST", "/api/v1/members/{id}/block", "blockMember", "Neither ask nor answer a service from now on",
        membership.block, Scope.OPERATE, answer=BlockedOut, body=BlockIn, parameters=(_MEMBER_ID,),
        codes=(*IN_A_BODY, Code.LOCAL_NOT_FOUND, Code.LOCAL_CONFLICT, Code.IDENTITY_MALFORMED),
        description="At once, on open connections and running transfers too, and until it is lifted. It is this "
        "service's own decision, journalled, and published nowhere.",
    ),
    Operation(
        "POST", "/api/v1/members/{id}/unblock", "unblockMember", "Lift this service's own block",
        membership.unblock, Scope.OPERATE, answer=BlockedOut, parameters=(_MEMBER_ID,),
        codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND, Code.IDENTITY_MALFORMED),
    ),
    Operation(
        "GET", "/api/v1/answering", "getAnswering", "Whether this service answers others", membership.answering,
        Scope.STATUS, answer=AnsweringOut, codes=HOUSE_DOWN,
    ),
    Operation(
        "POST", "/api/v1/answering/pause", "pauseAnswering", "Answer nobody from now on", membership.pause,
        Scope.OPERATE, answer=AnsweringOut, body=PauseIn, codes=IN_A_BODY,
        description="Others are told that this service could not look. Its own fetches go on; a document that is being "
        "sent is sent to its end. It holds over restarts.",
    ),
    Operation(
        "POST", "/api/v1/answering/resume", "resumeAnswering", "Answer again", membership.resume, Scope.OPERATE,
        answer=AnsweringOut, codes=HOUSE_DOWN,
    ),
)  # fmt: skip
