"""The checks of the status page are told in the reader's language: every one that the daemon can make."""

import ast
import re
from pathlib import Path

import click
import pytest

import connector.daemon
from connector.cli.main import cli
from connector.core.people import Role
from connector.daemon.status import INSI
from connector.local.pages import texts_checks_en, texts_checks_fr
from connector.local.ports import Check
from connector.local.words import Language
from tests.pages.conftest import plain

WORDS = {Language.FR: texts_checks_fr.TEXTS, Language.EN: texts_checks_en.TEXTS}


def made_by_the_daemon() -> set[tuple[str, str]]:
    """Name and state of each check that the daemon's source makes."""
    found = set()
    for path in Path(connector.daemon.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
                name = node.args[0].value if isinstance(node.args[0], ast.Constant) else INSI
                given = {one.arg: one.value for one in node.keywords}
                state = given["state"].value if "state" in given else ""
                ok = given.get("ok", node.args[1] if len(node.args) > 1 else None)
                never_bad = isinstance(ok, ast.Constant) and ok.value
                found.add((name, state or ("warn" if never_bad else "bad")))
    return found


@pytest.mark.parametrize("language", Language)
def test_every_check_that_the_daemon_makes_has_words_and_says_what_to_do(language):
    made, words = made_by_the_daemon(), WORDS[language]

    assert len({name for name, _ in made}) > 12
    for name, state in made:
        assert {f"check.{name}", f"check.{name}.{state}", f"check.{name}.{state}.do"} <= words.keys(), (name, state)


def test_the_words_of_a_check_name_commands_that_there_are():
    told = " ".join(text for words in WORDS.values() for text in words.values())
    named = set(re.findall(r"(?<!systemctl reload )(?<!-u )spsti-connector ([a-z-]+)", told))

    assert named
    assert named <= set(cli.list_commands(click.Context(cli)))


@pytest.mark.parametrize(
    ("language", "says", "do"),
    [
        ("fr", "tout autre service est refusé", "Placez une liste récente"),
        ("en", "every other service is refused", "Put a newer list"),
    ],
)
async def test_a_red_line_is_in_the_readers_language_with_the_daemons_words_beside_it(visit, house, language, says, do):
    house.status.checks.append(Check("crls", ok=False, detail="ended 2026-11-01", remedy="see the guide"))
    page = plain(await (await visit(Role.ADMINISTRATOR, language=language)).get("/status"))

    assert says in page
    assert f"→ {do}" in page
    assert "ended 2026-11-01" in page
    assert "see the guide" not in page


async def test_a_warning_is_told_by_its_own_case(visit, house):
    house.status.checks.append(Check("crls", ok=True, detail="none", remedy="set [peer] crls", state="none"))
    page = plain(await (await visit(Role.ADMINISTRATOR)).get("/status"))

    assert "un certificat révoqué serait cru" in page
    assert "bientôt" not in page
