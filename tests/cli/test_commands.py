import json
import re
import stat
import tomllib

import pytest

from connector.core.codes import Code
from connector.core.ledger import Tree
from connector.core.states import FetchState
from connector.local.keys import key_hash
from connector.local.ports import Check, ProbeStep
from tests.kit.local_values import PDF, WITHHELD, A, B, announced


@pytest.fixture
def fetch_id(shell):
    return json.loads(shell.fetch("--json").stdout)["id"]


# ---------------------------------------------------------------- fetches


def test_fetches_are_listed_newest_first_and_plain_for_programs(shell, house, fetch_id):
    house.errands.answers = {A: announced(), B: announced()}
    second = json.loads(shell.fetch("--json", command="lookup").stdout)["id"]
    lines = shell("fetches", "list").stdout.splitlines()
    assert lines[0].split("\t") == ["Fetch", "State", "Newest act", "worker", "created"]
    assert [line.split("\t")[0] for line in lines[1:]] == [second, fetch_id]
    assert "2026-05-12 (2/2)\tPAT-TROIS DOMINIQUE MARIE-LOUISE 1979-03-28" in lines[1]
    status, page = shell.json("fetches", "list", "--limit", 1)
    assert (status, page["items"][0]["id"], page["next"]) == (0, second, second)
    assert shell("fetches", "list", "--before", second).stdout.count("\n") == 2


def test_a_purged_fetch_is_listed_without_a_name(shell, house, served, fetch_id):
    served.call(lambda: house.errands.put(fetch_id, state=FetchState.PURGED, document=None))
    assert "PAT-TROIS" not in shell("fetches", "list").stdout


def test_a_fetch_is_shown_with_its_whole_account(shell, fetch_id):
    result = shell("fetches", "show", fetch_id)
    assert result.exit_code == 0
    for told in ("State: ready: The record is here", "From: Prévention Seine", "Kept until: 2026-11-30T09:00:00Z"):
        assert told in result.stdout
    assert shell.json("fetches", "show", fetch_id)[1]["state"] == "ready"


def test_the_account_warns_of_what_a_service_needs(shell, house):
    house.errands.answers[B] = {**WITHHELD}
    result = shell.fetch()
    assert "Santé Travail Isère: The worker, or the service itself by letter or secure mail, can" in result.stdout


def test_a_fetch_that_is_not_there_is_told(shell):
    result = shell("fetches", "show", "f" * 32)
    assert result.exit_code == 4
    assert "local.not_found" in result.stderr


def test_a_record_is_chosen_after_a_lookup_and_waited_for(shell):
    looked = json.loads(shell.fetch("--json", command="lookup").stdout)
    result = shell("fetches", "choose", looked["id"], A)
    assert result.exit_code == 0
    assert "The record is here" in result.stdout
    status, found = shell.json("fetches", "show", looked["id"])
    assert (status, found["chosen"]) == (0, A.value)
    assert shell("fetches", "choose", looked["id"], B).exit_code == 4


def test_a_running_fetch_is_cancelled(shell, house, fetch_id):
    assert shell("fetches", "cancel", fetch_id).exit_code == 4
    house.errands.answers = {A: announced(), B: announced()}
    waiting = json.loads(shell.fetch("--json", "--replaces", fetch_id).stdout)["id"]
    result = shell("fetches", "cancel", waiting)
    assert (result.exit_code, "cancelled: The fetch was cancelled." in result.stdout) == (0, True)
    assert shell("fetches", "show", waiting).exit_code == 1


def test_a_copy_is_discarded_once(shell, fetch_id):
    result = shell("fetches", "discard", fetch_id)
    assert (result.exit_code, "purged: The copy that was brought over has been deleted." in result.stdout) == (0, True)
    assert shell("fetches", "discard", fetch_id).exit_code == 4
    assert shell("fetches", "show", fetch_id).exit_code == 1


def test_a_record_is_read_into_a_file(shell, house, fetch_id, tmp_path):
    path = tmp_path / "r.pdf"
    result = shell("fetches", "read", fetch_id, "-o", path)
    assert (result.exit_code, path.read_bytes() == PDF, stat.S_IMODE(path.stat().st_mode)) == (0, True, 0o600)
    assert house.errands.opened == [(fetch_id, "899700366240")]
    assert shell("fetches", "read", fetch_id, "-o", path).exit_code == 2
    status, told = shell.json("fetches", "read", fetch_id, "-o", path, "--force")
    assert (status, told) == (0, {"output": str(path), "bytes": len(PDF)})


# ---------------------------------------------------------------- members


def test_members_are_searched_and_shown(shell):
    assert shell("members", "list", "saint", "egreve").stdout.splitlines()[1].split("\t")[0] == B.value
    assert shell.json("members", "list", "--departement", "75")[1]["items"][0]["id"] == A.value
    result = shell("members", "list", "--limit", 1)
    assert "There are more than 1" in result.stderr
    shown = shell("members", "show", A)
    assert "name: Prévention Seine\nformer names: ACMS Été" in shown.stdout
    assert shell.json("members", "show", A)[1]["towns"] == ["Paris"]
    assert shell("members", "show", "1930100037").exit_code == 4


def test_a_member_is_tested_with_cause_and_remedy(shell, house):
    assert shell("members", "test", A).exit_code == 0
    house.prober.steps = [ProbeStep("lookup", False, 9, Code.PEER_TLS, "certificate ended", "renew it")]
    result = shell("members", "test", A)
    assert result.exit_code == 1
    assert "lookup\tpeer.tls\t9 ms\tcertificate ended\trenew it" in result.stdout
    assert shell.json("members", "test", A)[0] == 1


# ---------------------------------------------------------------- journal, status


def test_the_journal_is_listed_with_filters(shell, house):
    result = shell("journal", "list", "--tree", "exchange", "--type", "asked", "--peer", A, "--limit", 2)
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["index", "4", "3"]
    assert "There are more: --before 3" in result.stderr
    assert house.journal.searches[-1].peer == A
    assert shell.json("journal", "list", "--before", "1")[1]["items"][0]["index"] == 0


def test_a_worker_of_the_journal_is_asked_for_and_never_an_argument(shell):
    result = shell("journal", "list", "--worker")
    assert result.exit_code == 2
    assert "nobody can be asked" in result.stderr


def test_a_journal_entry_is_shown_with_its_personal_part(shell):
    assert "personal.practitioner: 899700366240" in shell("journal", "show", "exchange", "3").stdout
    assert shell.json("journal", "show", "exchange", "3")[1]["index"] == 3
    assert shell("journal", "show", "exchange", "9").exit_code == 4


def test_verifying_the_journal_fails_on_a_fault(shell, house):
    result = shell("journal", "verify")
    assert (result.exit_code, result.stdout.splitlines()[1].split("\t")[2]) == (0, "sound")
    house.journal.faults = ("entry 3: its leaf differs",)
    result = shell("journal", "verify")
    assert (result.exit_code, "entry 3: its leaf differs" in result.stderr) == (1, True)
    assert shell.json("journal", "verify")[0] == 1
    assert Tree.EXCHANGE in result.stdout


def test_status_tells_what_is_red_and_what_to_do(shell, house):
    result = shell("status")
    assert result.exit_code == 0
    for told in ("certificate server: 20 days left", "to deliver, acknowledgements: 2", "directory: file:test, 3 of 4"):
        assert told in result.stdout
    house.status.checks = [Check("state", False, "disk full", "free some space")]
    result = shell("status")
    assert (result.exit_code, "state\tNOT OK\tdisk full\tfree some space" in result.stdout) == (1, True)
    assert shell.json("status")[1]["ready"] is False
    result = shell("status", "--ready", SPSTI_API_KEY_FILE="")
    assert (result.exit_code, "NOT OK" in result.stdout) == (1, True)


# ---------------------------------------------------------------- keys, completion, help


def test_a_new_key_is_shown_once_and_its_hash_goes_into_the_configuration(shell):
    result = shell("api-key", "new", "vendor", "--practitioner", "899700366240", "--scope", "fetch")
    key = result.stdout.splitlines()[0]
    (block,) = tomllib.loads(result.stdout.partition("\n")[2])["local"]["keys"]
    assert re.fullmatch(r"spsti_[A-Za-z0-9_-]{43}", key)
    assert block == {
        "name": "vendor",
        "sha256": key_hash(key),
        "practitioners": ["899700366240"],
        "scopes": ["fetch"],
    }
    status, told = shell.json("api-key", "new", "vendor")
    assert (status, told["sha256"]) == (0, key_hash(told["key"]))
    assert told["key"] != key
    assert '"fetch", "status"' in told["toml"]


@pytest.mark.parametrize(
    "arguments", [["Vendor"], ["a b"], ["x" * 65], ["ok", "--practitioner", "12"], ["ok", "--scope", "all"]]
)
def test_a_key_that_could_not_be_configured_is_not_made(shell, arguments):
    result = shell("api-key", "new", *arguments)
    assert (result.exit_code, "spsti_" in result.stdout) == (2, False)


@pytest.mark.parametrize("name", ['a"\n[x]', "é"])
def test_a_name_cannot_break_out_of_the_block(shell, name):
    assert shell("api-key", "new", name).exit_code == 2


@pytest.mark.parametrize("name_of_shell", ["bash", "zsh", "fish"])
def test_the_completion_script_of_each_shell_is_printed(shell, name_of_shell):
    result = shell("completion", name_of_shell)
    assert result.exit_code == 0
    assert "_SPSTI_CONNECTOR_COMPLETE" in result.stdout
    assert shell("completion", "tcsh").exit_code == 2


def test_an_unknown_command_is_a_usage_error(shell):
    assert shell("fetsch").exit_code == 2
    assert shell("--version").stdout.startswith("spsti-connector, version")
