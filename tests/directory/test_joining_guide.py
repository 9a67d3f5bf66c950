"""The joining guides, run command by command as a newcomer and two operators would: both languages."""

import re
import shlex
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from connector.cli.main import cli
from connector.core.directory import MemberStatus
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory.keyring import signers_in
from connector.directory.publishing import publisher_round
from connector.directory.settings import SignedDirectorySettings, open_directory
from connector.directory.workspace import Workspace
from tests.kit.directory import Clock, Ears, Mirror, serve, source

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
OWN = MemberId.parse("318751275100020")
PASSWORD = "a password of the test"


def commands_of(guide):
    """Give the commands of a guide's sh blocks, lines that continue joined."""
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```$", (GUIDES / guide).read_text(), re.DOTALL | re.MULTILINE)
    lines = [line.strip() for _, block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line) for line in lines if line]


class Newcomer:
    """Runs commands in one folder, where a federation of five operators is founded already."""

    def __init__(self, folder):
        self.folder, self.runner, self.output = folder, CliRunner(), []
        for name in ("entry-password.txt", "operator-password.txt"):
            (folder / name).write_text(PASSWORD + "\n")

    def run(self, *words, code=0):
        result = self.runner.invoke(cli, list(words))
        assert result.exit_code == code, (words, result.output, result.exception)
        self.output.append(result.output)
        return result.output

    def found(self):
        pw = ("--password-file", "operator-password.txt")
        for n in range(1, 6):
            self.run("federation", "key", "--to", f"usb-{n}", "--label", f"spsti-{n}", *pw)
        self.run("federation", "key", "--to", "publisher", "--label", "publisher-1", *pw)
        roots = [x for n in range(1, 6) for x in ("--root-key", f"usb-{n}/spsti-{n}.pub.json")]
        targets = [x for n in range(1, 4) for x in ("--targets-key", f"usb-{n}/spsti-{n}.pub.json")]
        self.run(
            "federation", "init", "--environment", "test", *roots, *targets,
            "--publisher-key", "publisher/publisher-1.pub.json",
        )  # fmt: skip
        for n in (1, 2, 3):
            self.run("federation", "sign", "--keys", f"usb-{n}", *pw, "--yes")
        self.run("federation", "publish", "--keys", "publisher", *pw)


@pytest.fixture
def newcomer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Newcomer(tmp_path)
    found.found()
    return found


def real_time():
    return int(time.time())


async def refresh(folder):
    def get(path):
        file = folder / "federation" / "repository" / path
        return file.read_bytes() if file.is_file() else None

    with serve(Mirror(get)) as urls:
        settings = SignedDirectorySettings(
            folder / "root.json", folder / "state" / "directory", Environment.TEST, OWN, tuple(urls)
        )
        directory = open_directory(
            settings, Clock(real_time()), Ears(), public_tls=lambda: None, mirror_tls=lambda: None
        )
        await directory.refresh()
        return directory


@pytest.mark.parametrize(
    ("guide", "waiting", "joined"),
    [
        ("joining.en.md", "waiting on the operators", "joined"),
        ("joining.fr.md", "en attente : les opérateurs", "membre de la fédération"),
    ],
)
async def test_a_newcomer_joins_by_the_commands_of_the_guide(newcomer, guide, waiting, joined):
    directory = None
    said = []
    for words in commands_of(guide):
        if words[0] == "cp":
            shutil.copy(words[1], words[2])
        elif words[1:3] == ["directory", "refresh"]:
            directory = await refresh(newcomer.folder)
        else:
            output = newcomer.run(*words[1:])
            if "next" in words:
                said.append(output.strip().splitlines()[-1])

    assert said == [waiting, joined]
    assert directory.get(OWN).status is MemberStatus.ACTIVE
    assert directory.get(OWN).contact == "support@spsti-exemple.example"


async def test_a_publisher_takes_a_renewed_entry_from_the_members_own_connector(newcomer):
    for words in commands_of("joining.en.md"):
        if words[0] == "cp":
            shutil.copy(words[1], words[2])
        elif words[1:3] == ["directory", "refresh"]:
            first = await refresh(newcomer.folder)
        else:
            newcomer.run(*words[1:])
    workspace = Workspace(newcomer.folder / "federation")
    signers = signers_in([newcomer.folder / "publisher"], PASSWORD.encode())

    with serve(Mirror(first.archive.read)) as urls:
        publication = publisher_round(
            workspace, signers, real_time(), members=lambda _member, _endpoint: source(urls[0])
        )
    second = await refresh(newcomer.folder)

    assert publication.taken == (f"member-{OWN.value} 2",)
    assert second.version != first.version
    assert second.get(OWN) == first.get(OWN)


def test_what_the_two_guides_run_is_the_same():
    def plain(guide):
        words = [[w for w in words if w not in {"fr", "en"}] for words in commands_of(guide)]
        return [[w for w in line if "irec" not in w] for line in words]

    assert plain("joining.en.md") == plain("joining.fr.md")


def test_a_key_is_never_overwritten_and_its_password_is_no_short_one(newcomer):
    (newcomer.folder / "short.txt").write_text("short")

    again = newcomer.run(
        "federation", "key", "--to", "usb-1", "--label", "spsti-1", "--password-file", "operator-password.txt", code=1
    )
    short = newcomer.run("federation", "key", "--to", "x", "--label", "spsti-9", "--password-file", "short.txt", code=1)

    assert "there already" in again
    assert "12 characters" in short


def test_a_wrong_password_signs_nothing_and_is_not_repeated(newcomer):
    newcomer.run("federation", "renew", "targets")
    (newcomer.folder / "wrong.txt").write_text("quite another password")

    output = newcomer.run("federation", "sign", "--keys", "usb-1", "--password-file", "wrong.txt", "--yes", code=78)

    assert "spsti-1.key" in output
    assert "quite another" not in output


def test_a_signer_who_does_not_agree_signs_nothing(newcomer):
    newcomer.run("federation", "renew", "targets")
    result = newcomer.runner.invoke(
        cli, ["federation", "sign", "--keys", "usb-1", "--password-file", "operator-password.txt"], input="n\n"
    )

    assert result.exit_code == 1
    assert "Is this what was decided?" in result.output
    assert "2 of" in newcomer.run("federation", "duty")


def test_duty_says_what_ends_when_and_who_must_sign(newcomer):
    newcomer.run("federation", "renew", "root")

    lines = newcomer.run("federation", "duty").splitlines()

    assert lines[0].split("\t") == ["until", "what", "who", "how"]
    assert any("root 2 lacks signatures\t3 of spsti-1, spsti-2, spsti-3, spsti-4, spsti-5" in line for line in lines)
    assert any("timestamp ends\tone of publisher-1\tfederation publisher" in line for line in lines)
    assert any("targets ends\t2 of spsti-1, spsti-2, spsti-3" in line for line in lines)


def test_a_first_list_is_imported_and_every_faulty_line_reported(newcomer):
    (newcomer.folder / "list.csv").write_text(
        "\ufeffid;name;towns;departements;contact\r\n"
        "339172288100052;AST Loire;Nantes|Rezé;44;contact@ast-loire.example\r\n"
        "1234;Faux;;;\r\n"
        "339172288100052;Encore;;;\r\n"
        "1750712184;Personne;;;jean.dupont@exemple.example\r\n",
        encoding="utf-8",
    )

    refused = newcomer.run("federation", "import", "list.csv", code=1)
    taken = newcomer.run("federation", "import", "list.csv", "--skip-faulty")

    assert "line 3: refused" in refused
    assert "line 4: refused: 339172288100052 stands already in line 2" in refused
    assert "line 5: refused: contact technical: looks like a person's address" in refused
    assert "jean" not in refused
    assert "nothing was imported" in refused
    assert "1 services of 4 lines" in taken
    assert "339172288100052: new: AST Loire, mail-only" in newcomer.run("federation", "diff")
    newcomer.run("federation", "give-up")
    assert newcomer.run("federation", "diff") == "nothing is pending\n"


def test_an_operator_suspends_with_one_key_and_two_confirm(newcomer):
    pw = ("--password-file", "operator-password.txt")
    for words in commands_of("joining.en.md"):
        if (
            words[0] == "spsti-connector"
            and words[1] != "directory"
            and "next" not in words
            and "sign-entry" not in words
        ):
            newcomer.run(*words[1:])
    member = OWN.value

    newcomer.run("federation", "suspend", member, "--reason", "key-stolen", "--keys", "usb-5", *pw)
    newcomer.run("federation", "publish", "--keys", "publisher", *pw)
    assert f"{member}\tSPSTI Exemple\tsuspended" in newcomer.run("federation", "show")
    assert "ends by itself" in newcomer.run("federation", "duty")

    newcomer.run("federation", "confirm-suspension", member)
    newcomer.run("federation", "sign", "--keys", "usb-1", *pw, "--yes")
    newcomer.run("federation", "sign", "--keys", "usb-3", *pw, "--yes")
    newcomer.run("federation", "publish", "--keys", "publisher", *pw)
    assert "ends by itself" not in newcomer.run("federation", "duty")

    newcomer.run("federation", "lift-suspension", member)
    newcomer.run("federation", "sign", "--keys", "usb-1", "--keys", "usb-2", *pw, "--yes")
    newcomer.run("federation", "publish", "--keys", "publisher", *pw)
    assert f"{member}\tSPSTI Exemple\tactive" in newcomer.run("federation", "show")
