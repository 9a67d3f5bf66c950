"""The table of the operations on people."""

from typing import Final

from connector.core.codes import Code
from connector.local import people
from connector.local.keys import Scope
from connector.local.operation import EXAMPLE_ID, HOUSE_DOWN, ID, IN_A_BODY, Operation, Parameter
from connector.local.people_models import (
    EnrolmentOut,
    LaunchAddressOut,
    LaunchTokenIn,
    PeoplePage,
    PersonChangeIn,
    PersonEndIn,
    PersonIn,
    PersonOut,
    PersonStepIn,
    ReviewedOut,
    ReviewIn,
)
from connector.local.sign_in.pages_launch import make

_PERSON_ID: Final = Parameter("id", "path", "the person", ID, EXAMPLE_ID)
_OF_ONE: Final = (*IN_A_BODY, Code.LOCAL_NOT_FOUND, Code.LOCAL_CONFLICT)

PEOPLE: Final = (
    Operation(
        "GET", "/api/v1/people", "listPeople", "List the people of this service", people.listing, Scope.PEOPLE,
        answer=PeoplePage, codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND),
    ),
    Operation(
        "POST", "/api/v1/people", "addPerson", "Add a person", people.add, Scope.PEOPLE, answer=PersonOut,
        body=PersonIn, codes=_OF_ONE,
        description="With `check_only` nothing is kept: the answer says what would be, or why not.",
    ),
    Operation(
        "POST", "/api/v1/people/review", "reviewPeople", "Sign that the list was gone through", people.review,
        Scope.PEOPLE, answer=ReviewedOut, body=ReviewIn, codes=_OF_ONE,
        description="`confirmed` must be exactly those who may do something here now: whoever changed the list "
        "meanwhile is found out. The journal keeps who signed, and the ids.",
    ),
    Operation(
        "GET", "/api/v1/people/{id}", "getPerson", "Read one person", people.show, Scope.PEOPLE, answer=PersonOut,
        parameters=(_PERSON_ID,), codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND),
    ),
    Operation(
        "POST", "/api/v1/people/{id}/change", "changePerson", "Change name, roles or identifiers", people.change,
        Scope.PEOPLE, answer=PersonOut, body=PersonChangeIn, parameters=(_PERSON_ID,), codes=_OF_ONE,
        description="Counts at the next request, of open sessions too.",
    ),
    Operation(
        "POST", "/api/v1/people/{id}/suspend", "suspendPerson", "Let a person do nothing from now on", people.suspend,
        Scope.PEOPLE, answer=PersonOut, body=PersonStepIn, parameters=(_PERSON_ID,), codes=_OF_ONE,
        description="At once: the next request of an open session is refused, and a running fetch sends no more.",
    ),
    Operation(
        "POST", "/api/v1/people/{id}/resume", "resumePerson", "Let a suspended person go on", people.resume,
        Scope.PEOPLE, answer=PersonOut, body=PersonStepIn, parameters=(_PERSON_ID,), codes=_OF_ONE,
    ),
    Operation(
        "POST", "/api/v1/people/{id}/end", "endPerson", "Set the last day that counts", people.end, Scope.PEOPLE,
        answer=PersonOut, body=PersonEndIn, parameters=(_PERSON_ID,), codes=_OF_ONE,
    ),
    Operation(
        "POST", "/api/v1/people/{id}/enrol", "enrolPerson", "Make a code for a local account", people.enrol,
        Scope.PEOPLE, answer=EnrolmentOut, body=PersonStepIn, parameters=(_PERSON_ID,), codes=_OF_ONE,
        description="Good once, for a day. Hand it over in person: whoever has it makes the account.",
    ),
    Operation(
        "POST", "/api/v1/launches", "makeLaunch", "Give a launch token, and get the address to open", make,
        Scope.FETCH, answer=LaunchAddressOut, body=LaunchTokenIn, status=201,
        codes=(
            *IN_A_BODY, Code.LOCAL_NOT_FOUND, Code.LAUNCH_MALFORMED, Code.LAUNCH_SIGNATURE, Code.LAUNCH_EXPIRED,
            Code.LAUNCH_REPLAYED, Code.LAUNCH_AUDIENCE, Code.LAUNCH_PERSON, Code.SIGN_IN_LOCKED_OUT,
        ),
        description="For software on the same network; a page in a cloud posts the token as a form to `/launch`.",
    ),
)  # fmt: skip
