"""The guides: every command in them exists with its options, and the marked ones do what they say."""

import asyncio
import json
import os
import re
import shlex
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import click
import pytest

from connector.cli.main import PROGRAM, cli
from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import request_of
from tests.kit.system import CAST, DAEMON, now

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "packaging" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if page.name != "cli.md" and "adr" not in page.parts]  # cli.md is made of the help
GUIDES = {
    "operator.fr.md": {"peer": "VOISIN", "phrase": "phrase", "keys": "phrase-cles", "worker": "travailleur.json"},
    "operator.en.md": {"peer": "PEER", "phrase": "passphrase", "keys": "keys-passphrase", "worker": "worker.json"},
}
_FENCE = re.compile(r"^ *```(?P<kind>[^\n]*)\n(?P<text>.*?)^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def commands_of(page: Path) -> list[list[str]]:
    """Every command of ours that a page shows, in a block or in a sentence, as its words."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line.strip().removeprefix("$ ")
        for block in _FENCE.finditer(text)
        for line in block["text"].replace("\\\n", " ").splitlines()
    ]
    lines += _SPAN.findall(_FENCE.sub("", text))
    found = []
    for line in lines:
        head, _, rest = line.partition(PROGRAM + " ")
        if rest and not head.strip("$ "):
            found.append(words_of(rest))
    return found


def words_of(rest: str) -> list[str]:
    try:
        words = shlex.split(rest, comments=True)
    except ValueError:  # an apostrophe of a sentence
        words = rest.split()
    ends = [n for n, word in enumerate(words) if word in {"|", "<", ">", "&&", ";"}]
    return words[: ends[0]] if ends else words


def options_of(command: click.Command) -> dict[str, click.Parameter]:
    given = {name: p for p in command.params if isinstance(p, click.Option) for name in (*p.opts, *p.secondary_opts)}
    return given | {"--help": None, "-h": None}


def wrong_with(words: list[str]) -> str:
    """Say what of a command there is not; empty where all of it is there."""
    command, context, path = cli, click.Context(cli), []
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        alternatives = words[0].split("|")
        inner = [command.get_command(context, name) for name in alternatives]
        if None in inner:
            return f"no command {' '.join([*path, words[0]])}"
        command, path, words = inner[0], [*path, words[0]], words[1:]
    options = options_of(command)
    for word, value in zip(words, [*words[1:], ""], strict=False):
        name = word.partition("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", name) and name not in options:
            return f"{' '.join(path)} has no option {name}"
        kind = getattr(options.get(name), "type", None)
        if isinstance(kind, click.Choice) and re.fullmatch(r"[a-z0-9-]+", value) and value not in kind.choices:
            return f"{' '.join(path)} {name} is never {value}"
        if isinstance(command, click.Group) and not word.startswith("-"):
            return f"{' '.join(path)} has no command {word}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_exists_with_its_options(page):
    assert [(words, wrong) for words in commands_of(page) if (wrong := wrong_with(words))] == []


def test_the_check_of_commands_finds_what_does_not_exist():
    assert wrong_with(["jornal", "list"]) == "no command jornal"
    assert wrong_with(["journal", "list", "--pear", "x"]) == "journal list has no option --pear"
    assert wrong_with(["answering", "pause", "--reason", "other"]) == "answering pause --reason is never other"
    assert wrong_with(["keys", "rotate", "server", "--pkcs12", "FILE"]) == ""
    assert len(commands_of(ROOT / "docs" / "guides" / "operator.fr.md")) > 40


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_links_is_there(page):
    if page.name == "template.md":
        return  # its link shows the form of one
    links = _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_both_languages_of_the_operators_guide_run_the_same_commands():
    french, english = ([shape_of(words) for words in run_lines(name)] for name in GUIDES)
    assert french == english


@pytest.mark.parametrize(("guide", "head"), [("operator.fr.md", "la trace dit"), ("operator.en.md", "the log says")])
def test_what_the_guide_says_that_the_log_says_is_said_by_the_program(guide, head):
    text = (ROOT / "docs" / "guides" / guide).read_text(encoding="utf-8")
    rows = text.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    quoted = [words for row in rows for words in _SPAN.findall(row.split("|")[1])]
    program = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "connector").rglob("*.py"))

    assert len(rows) == 10
    assert [words for words in quoted if words not in program] == []


def shape_of(words: list[str]) -> list[str]:
    """The command and its options, without what a reader puts in."""
    command, path = cli, []
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words[len(path)])
        path.append(words[len(path)])
    return path + [word for word in words if word.startswith("--")]


def run_lines(name: str) -> list[list[str]]:
    return [shlex.split(line.removeprefix(f"{PROGRAM} ")) for block in run_blocks(name) for line in block]


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("guide", GUIDES)
async def test_the_operators_guide_does_what_it_says(guide, tmp_path):
    """Each marked line, in order, by a shell, as the staff of service a with service c beside it."""
    federation = Federation.create(tmp_path / "federation", ("a", "c"), workers=12)
    for service in federation.services.values():
        service.command = DAEMON
    names = GUIDES[guide]
    folder = tmp_path / "desk"
    folder.mkdir()
    for name in (names["phrase"], names["keys"]):
        (folder / name).write_text(f"une phrase assez longue pour {name}\n")
        (folder / name).chmod(0o600)
    worker = request_of(CAST.only_at_a.asked, [], now=now())["worker"]
    (folder / names["worker"]).write_text(json.dumps({name: worker[name] for name in ("matricule", "oid")}))
    try:
        await federation.start()
        a, c = federation.services["a"], federation.services["c"]
        environment = {
            "PATH": f"{shim(tmp_path)}:{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            "LC_ALL": "C.UTF-8", "SPSTI_CONFIG": str(a.config), "SPSTI_API_KEY_FILE": str(a.key_file),
            names["peer"]: c.member_id,
        }  # fmt: skip
        lines = [line for block in run_blocks(guide) for line in block]
        for line in lines:
            done = await asyncio.create_subprocess_exec(
                "bash", "-c", line, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
            )
            out, err = await done.communicate()
            assert done.returncode == 0, (line, out.decode(), err.decode())
    finally:
        await federation.stop()
    assert len(lines) > 20


def run_blocks(name: str) -> list[list[str]]:
    text = (ROOT / "docs" / "guides" / name).read_text(encoding="utf-8")
    return [
        [line.strip().removeprefix("$ ") for line in block["text"].splitlines() if line.strip()]
        for block in _FENCE.finditer(text)
        if block["kind"] == "console run"
    ]


def shim(folder: Path) -> Path:
    """A directory with the command as an installation puts it on the path."""
    place = folder / "bin"
    place.mkdir()
    command = place / PROGRAM
    command.write_text(f'#!/bin/sh\nexec {" ".join(map(shlex.quote, DAEMON))} "$@"\n')
    command.chmod(0o755)
    return place
