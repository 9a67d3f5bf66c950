import json
import stat

import pytest

from connector.cli.faults import Exit
from connector.core.codes import Code
from connector.core.errors import AdapterFault, FailedClosed
from connector.core.fetch import Reply
from connector.local.words import Language, of_code
from tests.kit.local_side import new_fetch
from tests.kit.local_values import PDF, STATUS_KEY, WITHHELD, A, B, C, announced

SILENT = {"reply": Reply.UNREACHABLE, "code": Code.PEER_UNREACHABLE, "detail": "connection refused"}
REFUSED = {"reply": Reply.REFUSED, "code": Code.FOLLOW_UP_DECLARED, "detail": "register first"}
DEFERRED = {"reply": Reply.DEFERRED}


def test_the_pdf_is_written_whole_and_for_its_owner_only(shell, tmp_path):
    path = tmp_path / "record.pdf"
    result = shell.fetch("--output", path)
    assert result.exit_code == 0, result.output
    assert path.read_bytes() == PDF
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []
    assert "12 May 2026 most recent of the 2 services that answered, of 2 asked" in result.stdout
    assert f"Written to:  {path}".replace("  ", " ") in result.stdout.replace("  ", " ")
    assert "Prévention Seine has a record whose newest health act is of 12 May 2026." in result.stderr
    assert "512009 of 512009 bytes have arrived." in result.stderr


def test_without_a_file_the_way_to_the_record_is_told(shell):
    result = shell.fetch()
    assert result.exit_code == 0
    assert "spsti-connector fetches read" in result.stderr


def test_json_is_the_one_thing_on_standard_output(shell, tmp_path):
    path = tmp_path / "record.pdf"
    result = shell.fetch("--json", "--output", path)
    found = json.loads(result.stdout)
    assert (found["state"], found["output"], result.stderr) == ("ready", str(path), "")


def test_sentences_follow_the_language(shell):
    assert "Le dossier est arrivé et vérifié." in shell.fetch("--lang", "fr").stdout
    assert "n'a transmis aucun dossier" in shell.fetch(command="lookup", LC_ALL="fr_FR.UTF-8").stdout
    assert "no record it may give" in shell.fetch(command="lookup", LC_ALL="", LC_MESSAGES="", LANG="").stdout


def test_quiet_tells_no_progress(shell):
    assert "are being asked" not in shell.fetch("--quiet", command="lookup").stderr
    assert "are being asked" in shell.fetch(command="lookup").stderr


# ------------------------------------------------------------------------------------------------ a copy that is kept


@pytest.mark.parametrize("language", Language)
def test_no_service_is_asked_while_a_copy_is_kept_and_the_refusal_says_what_to_type(shell, house, language):
    first = json.loads(shell.fetch("--json").stdout)["id"]

    result = shell.fetch("--lang", language.value)

    words = of_code(Code.FETCH_COPY_KEPT, language)
    assert (result.exit_code, result.stdout) == (Exit.REFUSED, "")
    assert f"error: {words.text} (fetch.copy_kept)" in result.stderr
    assert f"do: {words.next} (spsti-connector fetches read {first} --output FILE; " in result.stderr
    assert f"spsti-connector fetch --replaces {first} ...)" in result.stderr
    assert house.errands.calls.count("start") == 1
    assert shell.fetch(command="lookup").exit_code == 0


def test_the_copy_that_is_named_is_deleted_and_services_are_asked_again(shell, house, tmp_path):
    first = json.loads(shell.fetch("--json").stdout)["id"]
    assert shell.fetch("--replaces", "f" * 32).exit_code == Exit.REFUSED, "it names another"

    path = tmp_path / "record.pdf"
    result = shell.fetch("--replaces", first, "--output", path)

    assert (result.exit_code, path.read_bytes() == PDF) == (0, True), result.output
    assert shell.json("fetches", "show", first)[1]["state"] == "purged"
    assert house.errands.calls.count("start") == 2


def test_a_lookup_has_no_way_to_delete_a_copy(shell):
    assert shell.fetch("--replaces", "f" * 32, command="lookup").exit_code == Exit.USAGE


def test_no_identity_is_printed(shell):
    result = shell.fetch("--json")
    assert "279035121518989" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("answers", "arguments", "status"),
    [
        ({A: announced(), B: WITHHELD}, [], 0),
        ({A: announced(), B: SILENT}, [], 6),
        ({A: WITHHELD, B: WITHHELD}, [], 3),
        ({A: WITHHELD, B: SILENT}, [], 75),
        ({A: SILENT, B: SILENT}, [], 75),
        ({A: WITHHELD, B: DEFERRED}, [], 75),
        ({A: REFUSED, B: REFUSED}, [], 4),
        ({A: REFUSED, B: {**REFUSED, "reply": Reply.MISBEHAVED}}, [], 1),
        ({A: announced(), B: announced()}, [], 7),
    ],
)
def test_the_exit_status_says_how_it_ended(shell, house, answers, arguments, status):
    house.errands.answers = answers
    result = shell.fetch(*arguments)
    assert result.exit_code == status, result.output


def test_a_lookup_brings_nothing_over(shell, house, tmp_path):
    result = shell.fetch(command="lookup")
    assert (result.exit_code, house.errands.calls.count("read")) == (0, 0)
    assert "choosing" in result.stdout
    house.errands.answers[B] = SILENT
    assert shell.fetch(command="lookup").exit_code == 6


def test_a_worker_at_an_argument_is_not_taken(shell):
    for wrong in (["--worker", "279035121518989"], ["--matricule", "279035121518989"], ["279035121518989"]):
        result = shell("fetch", *wrong, "--service", A, "--practitioner", "899700366240")
        assert result.exit_code == 2


@pytest.mark.parametrize("stdin", ["", "[]", "not json", "[" * 10_000, '{"matricule": '])
def test_standard_input_that_is_no_object_is_refused(shell, stdin):
    result = shell(
        "fetch", "--worker", "-", "--service", A, "--practitioner", "899700366240", "--informed-by", "nurse",
        "--informed-means", "oral", "--informed-at", "now", "--does-not-object", stdin=stdin,
    )  # fmt: skip
    assert result.exit_code == 2
    assert "holds no JSON object" in result.stderr
    assert result.stderr.count("do:") == 1


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("--informed-by", "give --informed-by"),
        ("--informed-means", "give --informed-means"),
        ("--informed-at", "give --informed-at"),
        ("--does-not-object", "give --does-not-object"),
        ("--worker", "--worker -"),
    ],
)
def test_what_is_not_stated_is_never_assumed(shell, house, missing, told):
    given = {
        "--worker": "-", "--service": A, "--practitioner": "899700366240", "--informed-by": "nurse",
        "--informed-means": "oral", "--informed-at": "now", "--does-not-object": None,
    }  # fmt: skip
    arguments = [part for name, value in given.items() if name != missing for part in (name, value) if part is not None]
    result = shell("fetch", *arguments, stdin=json.dumps(new_fetch()["worker"]))
    assert result.exit_code == 2
    assert told in result.stderr
    assert house.errands.calls == []


def test_an_identity_that_cannot_be_is_told_by_field_and_not_repeated(shell):
    result = shell.fetch(worker=new_fetch(worker__matricule="279035121518988")["worker"])
    assert result.exit_code == 4
    assert "error: A part of an identity is not written as it must be. (identity.malformed)" in result.stderr
    assert "why: matricule: got a key that does not match" in result.stderr
    assert "do: compare it with the document it was copied from" in result.stderr
    assert "279035" not in result.output


def test_a_service_that_is_suspended_is_told(shell):
    result = shell.fetch(services=(A, C))
    assert result.exit_code == 4
    assert "Médecine du Jura" in result.stderr


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (FailedClosed("ledger: disk full", hint="free some space"), 75, "do: free some space"),
        (AdapterFault("vendor raised"), 1, "Your software answered with an error."),
        (KeyError("PAT-TROIS"), 1, "why: incident 0000"),
    ],
)
def test_what_the_connector_cannot_do_is_told_as_what_why_and_what_to_do(shell, house, log, error, status, told):
    house.errands.faults["prepare"] = error
    result = shell.fetch()
    assert (result.exit_code, told in result.stderr, "PAT-TROIS" in result.output) == (status, True, False)
    assert "PAT-TROIS" not in log.getvalue()


def test_a_file_that_is_there_is_replaced_only_by_force(shell, house, tmp_path):
    path = tmp_path / "record.pdf"
    path.write_text("kept")
    result = shell.fetch("--output", path)
    assert (result.exit_code, path.read_text(), house.errands.calls) == (2, "kept", [])
    assert shell.fetch("--output", path, "--force").exit_code == 0
    assert path.read_bytes() == PDF


def test_a_directory_that_is_not_there_is_told_before_anything_is_asked(shell, house, tmp_path):
    result = shell.fetch("--output", tmp_path / "absent" / "record.pdf")
    assert (result.exit_code, house.errands.calls) == (2, [])


def test_a_document_that_breaks_off_leaves_no_file(shell, house, tmp_path):
    house.errands.pdf = [PDF[:1000], PDF[1000:]]

    async def broken():
        yield PDF[:1000]
        raise FailedClosed("vault", code=Code.VAULT_DAMAGED)

    house.errands._content = broken
    result = shell.fetch("--output", tmp_path / "record.pdf")
    assert result.exit_code == 5
    assert [entry.name for entry in tmp_path.iterdir()] == ["api-key"]
    assert "find it again: spsti-connector fetches show" in result.stderr


def test_a_directory_that_takes_no_file_is_told(shell, tmp_path):
    place = tmp_path / "full"
    place.mkdir()
    (place / "record.pdf").mkdir()
    result = shell("fetches", "read", "a" * 32, "--output", place / "record.pdf", "--force")
    assert result.exit_code != 0
    assert [entry.name for entry in place.iterdir()] == ["record.pdf"]


def test_without_a_connector_the_way_to_start_it_is_told(lone_shell):
    result = lone_shell.fetch()
    assert result.exit_code == 5
    assert "the connector cannot be reached" in result.stderr
    assert "do: start it" in result.stderr


def test_a_key_without_the_right_is_told_with_the_remedy(shell, key_file):
    key_file.write_text(STATUS_KEY)
    result = shell.fetch()
    assert result.exit_code == 4
    assert '"fetch" to the scopes of this key' in result.stderr
    key_file.write_text("spsti_unknown")
    result = shell.fetch()
    assert result.exit_code == 4
    assert "local.unauthenticated" in result.stderr
    assert "spsti_" not in result.output
