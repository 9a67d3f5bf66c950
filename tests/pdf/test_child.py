"""The process that looks into documents: what it dies of, what it may do, and that the daemon goes on."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from connector.child_process import spawn
from connector.core.codes import Code
from connector.core.errors import DocumentRejected
from connector.core.inspection import FindingKind, Handling
from connector.inspection import inspector as inspection
from connector.inspection.confine import confine
from connector.inspection.settings import InspectionSettings
from tests.kit.descriptors import opened
from tests.pdf.conftest import Paper, look_into
from tests.pdf.corpus import JS, PLAIN, deflated, parts, stream, written

ENDLESS = written(parts(o4=stream(b"/Filter [/FlateDecode /FlateDecode]", deflated(2, 255 * 1024 * 1024))))


async def code_of(awaitable) -> Code:
    with pytest.raises(DocumentRejected) as raised:
        await awaitable
    return raised.value.code


async def test_a_document_that_takes_too_long_is_refused_and_the_next_is_shown(make):
    lens = make(seconds=0.05)

    assert await code_of(look_into(lens, ENDLESS)) is Code.DOCUMENT_INSPECTION_FAILED
    patient = make()
    assert (await look_into(patient, PLAIN)).findings == ()


async def test_a_document_that_takes_too_much_memory_is_refused(make):
    lens = make(memory_bytes=1)

    assert await code_of(look_into(lens, PLAIN)) in {Code.DOCUMENT_INSPECTION_FAILED, Code.DOCUMENT_UNREADABLE}


async def test_a_child_that_was_killed_is_started_again_for_the_next_document(make):
    lens = make()
    await look_into(lens, PLAIN)
    first = lens._child.pid
    os.kill(first, signal.SIGKILL)
    lens._child.reap()

    assert (await look_into(lens, PLAIN)).findings == ()
    assert lens._child.pid != first


async def test_a_child_killed_while_it_looks_into_a_document_costs_that_document_alone(make):
    lens = make()
    await look_into(lens, PLAIN)
    under_way = asyncio.create_task(look_into(lens, ENDLESS))
    child = psutil.Process(lens._child.pid)

    while not under_way.done():  # the process of the first document may still be on its way out
        for worker in child.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        await asyncio.sleep(0.001)

    assert await code_of(under_way) is Code.DOCUMENT_INSPECTION_FAILED
    assert (await look_into(lens, PLAIN)).findings == ()


async def test_a_child_that_cannot_start_refuses_documents_and_says_so():
    class Absent(inspection.PdfInspector):
        module = "connector.inspection.there_is_none"

    lens = Absent(InspectionSettings())
    try:
        assert await code_of(look_into(lens, PLAIN)) is Code.DOCUMENT_INSPECTION_FAILED
        lens._child.reap()
        assert await code_of(look_into(lens, PLAIN)) is Code.DOCUMENT_INSPECTION_FAILED
    finally:
        await lens.close()


async def test_documents_beyond_the_places_wait_and_all_are_answered(make):
    lens = make(places=1)

    found = await asyncio.gather(*(look_into(lens, PLAIN) for _ in range(8)))

    assert [one.findings for one in found] == [()] * 8


async def test_a_document_that_waits_too_long_for_a_place_is_refused(make):
    lens = make(places=1, wait_seconds=0.01)
    busy = asyncio.create_task(look_into(lens, ENDLESS))
    await asyncio.sleep(0)

    assert await code_of(look_into(lens, PLAIN)) is Code.DOCUMENT_INSPECTION_FAILED
    busy.cancel()
    await asyncio.gather(busy, return_exceptions=True)


async def test_a_document_cut_short_in_the_vault_is_refused_before_it_is_looked_into(make):
    assert await code_of(make().inspect(iter([PLAIN]), len(PLAIN) + 1, Paper)) is Code.DOCUMENT_SIZE


async def test_a_copy_that_cannot_be_kept_is_given_up(make):
    class Full(Paper):
        def write(self, data):
            raise RuntimeError("full")

    paper = Full()
    with pytest.raises(RuntimeError, match="full"):
        await look_into(make(), written(parts(b"/OpenAction " + JS)), paper)

    assert paper.is_aborted


async def test_nothing_of_a_document_stays_open_in_the_daemon(make):
    lens = make()
    await look_into(lens, PLAIN)
    before = opened()

    for data in (PLAIN, written(parts(b"/OpenAction " + JS)), b"%PDF-no"):
        await asyncio.gather(look_into(lens, data), return_exceptions=True)

    assert opened() <= before


def test_the_child_has_no_descriptor_or_variable_of_the_daemon(monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/spsti")
    monkeypatch.setenv("NOTIFY_SOCKET", "@x")
    keys = Path(__file__).open()  # noqa: SIM115
    os.set_inheritable(keys.fileno(), True)
    child = spawn(inspection.PdfInspector.module, kind=socket.SOCK_SEQPACKET)
    try:
        ask(child, PLAIN)  # it has settled when it answers
        process = psutil.Process(child.pid)
        its = [str(link.readlink()) for link in Path(f"/proc/{child.pid}/fd").iterdir()]
        assert not [name for name in its if not name.startswith(("/dev/null", "/dev/urandom", "socket:"))]
        assert sum(name.startswith("socket:") for name in its) == 1
        assert not {"CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "HOME"} & set(process.environ())
        assert process.cwd() == "/"
        assert os.getsid(child.pid) == child.pid
    finally:
        keys.close()
        child.kill()
        child.reap()


def ask(child, data: bytes) -> dict:
    """Order one inspection by hand."""
    source, target = os.memfd_create("source"), os.memfd_create("target")
    os.write(source, data)
    ours, theirs = socket.socketpair()
    order = {
        "policy": dict.fromkeys((kind.value for kind in FindingKind), Handling.STRIP.value),
        "seconds": 20,
        "memory_bytes": 2**30,
        "copy_bytes": 2**20,
    }
    socket.send_fds(child.socket, [json.dumps(order).encode()], [source, target, theirs.fileno()])
    theirs.close()
    answer = b""
    while piece := ours.recv(65_536):
        answer += piece
    ours.close()
    os.close(source)
    os.close(target)
    return json.loads(answer)


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is Linux's")
def test_the_process_of_a_document_can_open_and_start_nothing(tmp_path):
    """In a copy of this process, since the filter cannot be taken off again."""
    target, sock_family = tmp_path / "x", socket.AF_UNIX
    attempts = {
        "open": lambda: os.open("/etc/hostname", os.O_RDONLY),
        "create": lambda: os.open(target, os.O_CREAT | os.O_WRONLY),
        "unlink": target.unlink,
        "socket": lambda: socket.socket(sock_family),
        "kill": lambda: os.kill(os.getppid(), 0),
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "fork": os.fork,
    }
    reads, writes = os.pipe()
    if os.fork() == 0:
        refused = []
        is_confined = confine()
        for name, attempt in attempts.items():
            try:
                attempt()
            except PermissionError:
                refused.append(name)
        os.write(writes, json.dumps([is_confined, refused]).encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as answer:
        is_confined, refused = json.loads(answer.read())
    os.wait()
    if not is_confined:
        pytest.skip("this kernel takes no filter of system calls")
    assert refused == list(attempts)


def test_a_document_is_looked_into_under_that_filter():
    child = spawn(inspection.PdfInspector.module, kind=socket.SOCK_SEQPACKET)
    try:
        answer = ask(child, written(parts(b"/OpenAction " + JS)))
    finally:
        child.kill()
        child.reap()

    assert (answer["verdict"], answer["found"]) == ("copied", {"scripts": 1})
    assert answer["confined"] is True


@pytest.mark.parametrize(
    "answer",
    [b"", b"null", b"[]", b"{}", b'{"verdict": 3}', b'{"verdict": "shown"}', b'{"verdict":"shown","found":[]}', b"\xff",
     b"x" * 100_000],
)  # fmt: skip
async def test_an_answer_that_is_none_shows_nothing(answer):
    class Lying(inspection.PdfInspector):
        def _send(self, order, descriptors):
            os.write(descriptors[2], answer)

    assert await code_of(look_into(Lying(InspectionSettings()), PLAIN)) is Code.DOCUMENT_INSPECTION_FAILED
