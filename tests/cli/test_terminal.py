"""What a person at a terminal sees and answers: the real program on a pseudo-terminal."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kit.local_values import PDF, PHYSICIAN_ID, A, B, announced

ROOT = Path(__file__).parents[2]
INTERRUPTIBLE = ("env", "--default-signal=INT")
"""A shell that starts tests in the background has them ignore SIGINT, and all that they start."""
PATIENCE = 60.0
"""Seconds after which a program that says nothing is given up; no test waits so long when it passes."""


class Terminal:
    """The program with its three streams on a terminal of 200 columns; standard output elsewhere with `piped`."""

    def __init__(self, shell, *arguments, piped=False, **environment):
        self.master, slave = pty.openpty()
        self.said = ""
        self.process = subprocess.Popen(
            [*INTERRUPTIBLE, sys.executable, "-m", "connector", *map(str, arguments)],
            stdin=slave,
            stdout=subprocess.PIPE if piped else slave,
            stderr=slave,
            start_new_session=True,
            cwd=ROOT,
            env={**os.environ, **shell.environment, "COLUMNS": "200", "TERM": "xterm", **environment},
        )
        os.close(slave)

    def until(self, *texts):
        """Read until each of the texts was said."""
        deadline = time.monotonic() + PATIENCE
        while not all(text in self.plain for text in texts):
            assert time.monotonic() < deadline, self.said
            if not self._read(deadline):
                break
        assert all(text in self.plain for text in texts), self.said
        return self

    @property
    def plain(self):
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.said)

    def _read(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        try:
            piece = os.read(self.master, 65536) if ready else b""
        except OSError:  # the other end is closed
            piece = b""
        self.said += piece.decode(errors="replace")
        return piece

    def types(self, text):
        os.write(self.master, f"{text}\n".encode())
        return self

    def answers(self, questions):
        """Answer questions as they come."""
        for question, answer in questions.items():
            self.until(question).types(answer)

    def end(self):
        """Read to the end; gives the exit status."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        self.out = self.process.stdout.read().decode() if self.process.stdout else ""
        status = self.process.wait(PATIENCE)
        os.close(self.master)
        if self.process.stdout:
            self.process.stdout.close()
        return status


@pytest.fixture
def terminal(shell):
    running = []

    def start(*arguments, **options):
        running.append(Terminal(shell, *arguments, **options))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


FRENCH = {
    "INS, 15": "279035121518989",
    "Nom de naissance": "PAT-TROIS",
    "Prénoms de naissance": "DOMINIQUE MARIE-LOUISE",
    "Sexe": "F",
    "Date de naissance": "1979-03-28",
    "Lieu de naissance": "51215",
    "auprès d'INSi": "2026-09-14",
    "est-elle qualifiée": "y",
}
STATED = ("--service", A, "--service", B, "--practitioner", PHYSICIAN_ID, "--auth-at", "2026-11-23T08:30:00Z")


def test_everything_is_asked_and_checked_as_it_is_typed(terminal, house, tmp_path):
    path = tmp_path / "record.pdf"
    person = terminal("fetch", *STATED, "--output", path)
    person.until("Informed by (role or PS_IdNat):").types("physician")
    person.until("Informed how (oral, written, electronic):").types("oral")
    person.until("Informed when (RFC 3339, or now):").types("2026-11-23T08:50:00Z")
    person.until("does not object. Is that so? [y/N]:").types("y")
    person.until("INS, 15 characters with its key:").types("2 79 03 51 215 189 88")
    person.until("got a key that does not match the 13 characters before it").types("2 79 03 51 215 189 89")
    person.until("Birth name:").types("PAT-4")
    person.until("birth name: got").types("Pat-Trois")
    person.until("Birth given names, all, separated by spaces:").types("Dominique Marie-Louise")
    person.until("Sex (M or F):").types("F")
    person.until("Birth date (YYYY-MM-DD):").types("1979-03-28")
    person.until("Birth place (COG code):").types("Reims")
    person.until("Verified with INSi on (YYYY-MM-DD):").types("2026-09-14")
    person.until("Is this identity qualified? [y/N]:").types("y")
    status = person.end()
    assert status == 0, person.said
    assert path.read_bytes() == PDF
    assert "most recent of the 2 services that answered, of 2 asked" in person.plain
    assert house.errands.new.worker.traits.birth_name == "PAT-TROIS"


@pytest.mark.parametrize(("answers", "status"), [(["n"], 4)])
def test_a_worker_who_objects_is_not_asked_about(terminal, house, answers, status):
    person = terminal("fetch", *STATED, "--informed-by", "nurse", "--informed-means", "oral", "--informed-at", "now")
    for answer in answers:
        person.until("Is that so?").types(answer)
    assert person.end() == status
    assert "nothing is asked about a worker who objects" in person.plain
    assert house.errands.calls == []


def test_services_are_shown_live_in_french_and_the_wait_can_be_left(terminal, house, served, tmp_path):
    house.errands.hold = True
    person = terminal("fetch", *STATED, "--informed-by", "physician", "--informed-means", "oral", "--informed-at",
                      "2026-11-23T08:50:00Z", "--does-not-object", "--lang", "fr")  # fmt: skip
    person.answers(FRENCH)
    person.until("Les services sont interrogés.", "Prévention Seine", "Santé Travail Isère")
    person.process.send_signal(signal.SIGINT)
    assert person.end() == 130
    (fetch_id,) = house.errands.fetches
    assert f"spsti-connector fetches show {fetch_id}" in person.plain
    assert house.errands.fetches[fetch_id].state == "asking"
    served.call(house.errands.go_on, fetch_id)
    assert house.errands.fetches[fetch_id].state == "ready"


def test_of_equal_days_a_person_chooses(terminal, house, tmp_path):
    house.errands.answers = {A: announced(), B: announced()}
    path = tmp_path / "record.pdf"
    person = terminal("fetch", *STATED, "--informed-by", "physician", "--informed-means", "oral", "--informed-at",
                      "2026-11-23T08:50:00Z", "--does-not-object", "--lang", "fr", "--output", path)  # fmt: skip
    person.answers(FRENCH | {"Quel dossier ? Donnez son numéro": "2"})
    assert person.end() == 0
    assert "les plus récents (2 du même jour) ; services ayant répondu : 2 sur 2" in person.plain
    assert (path.read_bytes(), next(iter(house.errands.fetches.values())).chosen) == (PDF, B)


def test_a_choice_made_later_is_waited_for(terminal, shell, house):
    house.errands.answers = {A: announced(), B: announced()}
    looked = json.loads(shell.fetch("--json").stdout)
    person = terminal("fetches", "choose", looked["id"], B)
    assert person.end() == 0
    assert "The record is here and was verified." in person.plain


def test_the_result_is_plain_where_it_goes_to_a_program(terminal, shell):
    fetch_id = json.loads(shell.fetch("--json").stdout)["id"]
    person = terminal("fetches", "show", fetch_id, piped=True)
    assert person.end() == 0
    assert "\x1b" not in person.out
    assert "Service\tAnswer\tNewest act\tTime" in person.out


def test_no_color_is_honoured(terminal, shell):
    shell.fetch("--json")
    person = terminal("fetches", "list", NO_COLOR="1")
    assert person.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", person.said)


def test_the_journal_of_a_worker_is_looked_up_by_a_question(terminal, house):
    person = terminal("journal", "list", "--worker", "--tree", "house")
    person.until("INS, 15 characters").types("279035121518989")
    assert person.end() == 0
    assert house.journal.searches[-1].worker.matricule.value == "279035121518989"


def test_help_starts_without_the_heavy_libraries(shell):
    code = (
        "import sys\n"
        "from connector.cli.main import cli\n"
        "try:\n    cli(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'aiohttp', 'rich', 'pydantic', 'cryptography', 'structlog', 'sqlite_utils'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Commands:" in done.stdout
