"""`identity` on the command line: identities by prompt or standard input, never by argument."""

import json

import pytest

from connector.core.codes import Code
from connector.core.datamatrix import encode
from connector.core.days import Day
from connector.core.errors import InsiFault
from connector.core.identity import IdentityStatus, QualifiedIdentity
from connector.core.identity_alerts import Alert, ToQualify
from connector.core.traits import StrictTraits
from tests.kit.state import INS, T0, TRAITS
from tests.kit.vigilance import a_near_miss, found, nobody

TRAITS_JSON = json.dumps(TRAITS.to_json())
OTHER = StrictTraits.parse(**TRAITS.to_json() | {"birth_date": "1980-03-00"})
WORKER = json.dumps({"matricule": INS.matricule.value, "oid": INS.oid.value, **TRAITS.to_json()})
DOCUMENT = ["--document", "CN", "--nationality", "french", "--seen-on", "2026-11-23"]
BY = ["--by", "secretariat-7"]
WHY = [*BY, "--reason", "première visite"]
ALERT_ID = "a" * 32


def test_a_search_by_traits_tells_what_insi_found(shell):
    done = shell("identity", "search", "--traits", "-", *BY, stdin=TRAITS_JSON)

    assert (done.exit_code, f"matricule: {INS.matricule.value}" in done.stdout) == (0, True)


def test_a_search_that_finds_nobody_ends_in_words_and_in_failure(shell, house):
    house.vigilance.insi.answers = [nobody()]

    done = shell("identity", "search", "--traits", "-", *BY, stdin=TRAITS_JSON)

    assert done.exit_code == 1
    assert "01: INSi knows nobody" in done.stdout
    assert "used name is not the birth name" in done.stdout


def test_a_vitale_card_is_read_from_standard_input(shell, house):
    card = json.dumps({"insured": INS.matricule.value, "birth_date": "1979-03-24"})

    assert shell.json("identity", "search", "--vitale", "-", *BY, stdin=card)[0] == 0
    assert house.vigilance.insi.asked[0][0].rank == 1


def test_a_verification_names_what_differs(shell, house):
    house.vigilance.insi.answers = [found(traits=OTHER)]

    done = shell("identity", "verify", "--worker", "-", *BY, stdin=WORKER)

    assert (done.exit_code, "differing: birth date" in done.stdout, "1980" in done.stdout) == (1, True, False)


def test_an_identity_is_qualified_in_one_go(shell):
    status, shown = shell.json("identity", "qualify", "--traits", "-", *DOCUMENT, *WHY, stdin=TRAITS_JSON)

    assert (status, shown["status"]) == (0, "QUAL")
    assert [m["kind"] for m in shown["moves"]] == ["recovered", "validated"]


def test_an_identity_goes_on_from_where_insi_left_it(shell, house):
    house.vigilance.insi.answers = [InsiFault("INSi: down", code=Code.INSI_UNAVAILABLE)]
    first = shell("identity", "qualify", "--traits", "-", *DOCUMENT, *WHY, stdin=TRAITS_JSON)
    identity = first.stderr.split()[1].rstrip(":")
    house.vigilance.insi.answers = [found()]

    done = shell("identity", "qualify", identity, *DOCUMENT, *WHY)

    assert (first.exit_code, "try again in some minutes" in first.stderr) == (75, True)
    assert (done.exit_code, "status: QUAL" in done.stdout) == (0, True)


def test_a_trait_that_differs_is_accepted_by_its_name_only(shell, house):
    house.vigilance.insi.answers = [found(traits=OTHER)]
    first = shell("identity", "qualify", "--traits", "-", *DOCUMENT, *WHY, stdin=TRAITS_JSON)
    identity = first.stderr.split()[1].rstrip(":")

    done = shell("identity", "qualify", identity, "--accept", "birth_date", *DOCUMENT, *WHY)

    assert (first.exit_code, done.exit_code) == (4, 0)
    assert "birth date: 1980-03-00" in done.stdout


@pytest.mark.parametrize("options", [[], ["--document", "CN"]])
def test_an_identity_is_not_qualified_without_the_document_that_was_seen(shell, options):
    done = shell("identity", "qualify", "--traits", "-", *options, *WHY, stdin=TRAITS_JSON)

    assert done.exit_code == 2


def test_a_kept_identity_is_marked_shown_and_found(shell):
    _, kept = shell.json("identity", "keep", "--traits", "-", *WHY, stdin=TRAITS_JSON)
    _, marked = shell.json("identity", "move", kept["id"], "mark", "--attribute", "homonyme", *WHY)
    shell("identity", "move", kept["id"], "recover", *WHY)

    assert marked["attributes"] == ["homonyme"]
    shown = shell("identity", "show", kept["id"]).stdout
    assert "status: RECUP homonyme" in shown
    assert "marked\tPROV\tPROV\tsecretariat-7" in shown
    ins = json.dumps({"matricule": INS.matricule.value})
    assert kept["id"] in shell("identity", "find", "--ins", "-", stdin=ins).stdout


def test_a_label_is_written_and_read_from_standard_input(shell):
    worker = json.loads(WORKER) | {"status": "qualified", "verified_on": "2026-11-23"}
    worker |= OTHER.to_json()

    payload = shell("identity", "label", "write", "--worker", "-", stdin=json.dumps(worker)).stdout
    read = shell("identity", "label", "read", "--payload", "-", stdin=payload)

    assert payload.strip("\n") == encode(QualifiedIdentity(INS, OTHER, Day(2026, 11, 23)))
    assert (read.exit_code, f"matricule: {INS.matricule.value}" in read.stdout) == (0, True)


def test_what_is_no_label_is_refused(shell):
    done = shell("identity", "label", "read", "--payload", "-", stdin="hello")

    assert (done.exit_code, "datamatrix.malformed" in done.stderr) == (4, True)


def test_alerts_are_listed_taken_and_closed(shell, house):
    house.vigilance.alert_store.kept[ALERT_ID] = Alert(a_near_miss(ALERT_ID), T0)

    listed = shell("identity", "alerts", "list", "--state", "open").stdout
    taken = shell("identity", "alerts", "take", ALERT_ID, *BY)
    closed = shell.json("identity", "alerts", "close", ALERT_ID, *BY, "--reason", "date corrigée")

    assert "The same INS, other traits: birth date." in listed
    assert "state: taken" in taken.stdout
    assert (closed[0], closed[1]["state"]) == (0, "closed")
    assert "date corrigée" in shell("identity", "alerts", "show", ALERT_ID).stdout


def test_records_that_wait_are_listed(shell, house):
    house.vigilance.alert_store.waiting = [ToQualify(INS, IdentityStatus.RECUP, T0, T0, 2)]

    assert f"{INS.matricule.value}\t{INS.oid.value}\tRECUP\t2" in shell("identity", "to-qualify").stdout


@pytest.mark.parametrize(
    "command",
    [
        ["search", *BY],
        ["verify", *BY],
        ["keep", *WHY],
        ["label", "read"],
        ["label", "write"],
        ["find"],
        ["qualify", *DOCUMENT, *WHY],
    ],
)
def test_without_a_terminal_nobody_is_asked_and_the_way_is_told(shell, command):
    done = shell("identity", *command)

    assert (done.exit_code, " -" in done.stderr) == (2, True)
