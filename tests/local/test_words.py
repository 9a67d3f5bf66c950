import re
import string

import pytest

from connector.core.codes import Code
from connector.core.fetch import FetchEvent, Newest, Reply, ServiceReply
from connector.core.members import MemberId
from connector.core.states import FetchState
from connector.local import words, words_en, words_fr
from connector.local.words import Language
from connector.requester.notes import Note
from tests.kit.local_values import NOW, A, B

CATALOGUES = {Language.FR: words_fr, Language.EN: words_en}
NEVER_OF_WITHHELD = (
    "nothing", "unknown", "no such", "not found", "no record found", "does not know", "not known", "objected",
    "rien", "inconnu", "aucun dossier trouvé", "introuvable", "n'existe pas", "ne connaît pas", "pas de dossier",
    "s'oppose", "opposé",
)  # fmt: skip


def lines(catalogue):
    for table in (catalogue.REPLIES, catalogue.STATES, catalogue.CODES):
        for text, then in table.values():
            yield from (text, then)
    yield from catalogue.NOTES.values()
    yield from (
        catalogue.MOST_RECENT,
        catalogue.MOST_RECENT_OF_ONE,
        catalogue.MOST_RECENT_SHARED,
        catalogue.NO_OFFER,
        catalogue.PROGRESS,
    )
    yield from catalogue.LABELS.values()


def event(kind, **data):
    return FetchEvent("a" * 32, 1, NOW, kind, data)


@pytest.mark.parametrize("language", Language)
def test_every_reply_state_code_and_note_has_its_sentence(language):
    catalogue = CATALOGUES[language]
    assert set(catalogue.REPLIES) == set(Reply)
    assert set(catalogue.STATES) == set(FetchState)
    assert set(catalogue.CODES) == set(Code)
    assert set(catalogue.NOTES) == set(Note)
    assert words_fr.LABELS.keys() == words_en.LABELS.keys()


@pytest.mark.parametrize("language", Language)
def test_every_failure_says_what_to_do_next(language):
    catalogue = CATALOGUES[language]
    assert all(then for _, then in catalogue.CODES.values())
    assert all(then for _, then in catalogue.STATES.values())
    assert all(then for reply, (_, then) in catalogue.REPLIES.items() if reply is not Reply.ANNOUNCED)


def test_both_catalogues_fill_in_the_same_things():
    def places(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for french, english in zip(lines(words_fr), lines(words_en), strict=True):
        assert places(french) == places(english)


def test_withheld_is_told_in_exactly_these_french_words():
    told = words.of_reply(Reply.WITHHELD, Language.FR, member="X")
    assert told.text == "X n'a transmis aucun dossier. Cela ne veut pas dire qu'il n'en existe pas."


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", [None, Code.FETCH_OPPOSED, Code.IDENTITY_NOT_QUALIFIED])
def test_no_line_about_withheld_tells_why(language, code):
    catalogue = CATALOGUES[language]
    of_state = catalogue.STATES[FetchState.NO_RECORD_GIVEN]
    told = words.of_reply(Reply.WITHHELD, language, member="X", code=code)
    for line in (*catalogue.REPLIES[Reply.WITHHELD], *of_state, str(told)):
        said = line.lower().replace("qu'il n'en existe pas", "").replace("that none exists", "")
        assert not [word for word in NEVER_OF_WITHHELD if word in said]


@pytest.mark.parametrize("language", Language)
def test_most_recent_never_stands_without_how_many_answered(language):
    for line in lines(CATALOGUES[language]):
        if re.search(r"most recent|newest record|plus récent", line.lower()):
            assert "{answered}" in line
            assert "{asked}" in line


@pytest.mark.parametrize("language", Language)
def test_no_sentence_speaks_of_consent(language):
    assert not [line for line in lines(CATALOGUES[language]) if "consent" in line.lower()]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, Language.FR),
        ("", Language.FR),
        ("en", Language.EN),
        ("en-GB,en;q=0.9,fr;q=0.8", Language.EN),
        ("fr;q=0.2, en;q=0.7", Language.EN),
        ("de, nl;q=0.5", Language.FR),
        ("en;q=0", Language.FR),
        ("*", Language.FR),
        (";;;,,=", Language.FR),
        ("de," * 5000 + "en", Language.FR),
    ],
)
def test_the_language_follows_accept_language(header, language):
    assert words.choose_language(header) is language


def test_a_refusal_is_told_with_the_reason_and_remedy_of_its_code():
    told = words.of_reply(Reply.REFUSED, Language.EN, member="X", code=Code.PRACTITIONER_AUTH_LEVEL)
    assert told.text == "X refused the request. The service asks for a stronger sign-in."
    assert told.next.startswith("Sign in with Pro Santé Connect")


def test_a_reply_is_not_told_twice():
    told = words.of_reply(Reply.UNREACHABLE, Language.EN, member="X", code=Code.PEER_UNREACHABLE)
    assert told.text == "X could not be reached."
    told = words.of_reply(Reply.UNREACHABLE, Language.EN, member="X", code=Code.PEER_REFUSED_US)
    assert told.text == "X could not be reached. The service does not accept the certificate of this one."


def test_days_are_written_as_people_read_them():
    assert words.local_day("2026-05-01", Language.FR) == "01/05/2026"
    assert words.local_day("2026-05-01", Language.EN) == "1 May 2026"
    assert words.local_day("", Language.EN) == ""


def test_a_failed_fetch_is_told_with_its_reason_and_another_state_is_not():
    failed = words.of_state(FetchState.FAILED, Language.EN, Code.ADAPTER_TIMEOUT)
    assert str(failed) == "The fetch failed. Your software did not answer in time. Try again later."
    assert words.of_state(FetchState.READY, Language.EN, Code.ADAPTER_TIMEOUT) == words.of_state(
        FetchState.READY, Language.EN
    )


def test_the_newest_is_told_of_how_many_services():
    one = ServiceReply(MemberId(A.value), "A", "b" * 32)
    assert (
        words.of_newest(Newest((one,), 2, 3), Language.EN) == "most recent of the 2 services that answered, of 3 asked"
    )
    assert words.of_newest(Newest((one, one), 2, 3), Language.EN) == (
        "most recent, 2 of the same day, of the 2 services that answered, of 3 asked"
    )
    assert words.of_newest(Newest((one,), 1, 2), Language.FR) == "le plus récent de 1 service ayant répondu sur 2"
    assert words.of_newest(Newest((), 0, 3), Language.FR) == "services ayant répondu : 0 sur 3"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (event("state", state="asking"), "The services are being asked. Please wait."),
        (event("service", name="A", reply="too-late", code=None), "A did not answer in time. Try again later."),
        (event("progress", received=5, size=9), "5 of 9 bytes have arrived."),
        (event("note", note="resumed", member=A.value), "The connection to Seine was cut"),
        (event("note", note="rendering", member=B.value), f"{B} is preparing the document."),
        (
            event("note", note="newest", offered=["x"], last_act_on="2026-05-01", answered=1, asked=2),
            "The most recent record is of 1 May 2026; 1 of 2 services answered.",
        ),
        (
            event("note", note="chosen-failed", name="A", code="document.digest", offered=[], answered=1, asked=2),
            "The record of A could not be brought over. 0 other record(s) can be chosen; 1 of 2 services answered. ",
        ),
        (event("note", note="of a later version"), "The fetch moved on."),
        (event("of a later version"), "The fetch moved on."),
    ],
)
def test_every_event_has_a_sentence(told, expected):
    assert str(words.of_event(told, Language.EN, {A.value: "Seine"})).startswith(expected)
