"""An adapter in a process of its own: whatever becomes of it, the daemon goes on and believes nothing unchecked."""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from connector.contract import AdapterContext, Environment, IdentityAttribute, Remark
from connector.contract.discovery import load_source
from connector.contract.faults import FaultSeen
from connector.contract.frames import encode
from connector.contract.guard import guard_sink, guard_source
from connector.contract.isolated import open_sink, open_source
from connector.contract.process import option_faults
from connector.contract.settings import GuardSettings, ProcessSettings
from connector.contract.testing import examine_source
from connector.core.codes import Code
from connector.core.errors import AdapterFault, ConfigFault
from connector.core.network import Proxies
from tests.contract.vendors import INS, MEMBER, NOW, OTHER_INS, PDF, RECEIVED, TOLD, TRACE, HandClock

SECRET = "DUPONT"
ROUGH = Path(__file__).with_name("rough.py")
OUR_PATH = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
PATIENT = GuardSettings(look_seconds=60, health_seconds=60, chunk_seconds=60, failures_to_open=1000)
PROCESS = ProcessSettings(start_seconds=60)
HASTY = replace(PROCESS, hang_seconds=0.2)
"""Gives a process up soon: for those alone that hang, since a busy machine lets a good one answer as late."""


@pytest.fixture(autouse=True)
def vendor(tmp_path, monkeypatch):
    """The rough adapter as an installed distribution."""
    folder = tmp_path / "site"
    info = folder / "acme_rough-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(ROUGH, folder / "acme_rough.py")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rough\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[spsti_connector.sources]\nrough = acme_rough:RoughSource\nholder = acme_rough:ThreadHolder\n"
        "liar = acme_rough:Liar\n[spsti_connector.sinks]\nrough = acme_rough:RoughSink\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    (tmp_path / "data").mkdir()
    (tmp_path / "orders").write_text("be good")
    return folder


class Bench:
    """Opens guarded halves and closes them; `tell` says what the adapter is to do next."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen, self.clock = folder, [], HandClock()
        self._open = []
        self.context = AdapterContext(MEMBER, Environment.TEST, folder, folder / "data", self.clock.now)

    def tell(self, order: str) -> None:
        (self.folder / "orders").write_text(order)

    async def source(self, name="rough", guard=PATIENT, process=PROCESS, **options):
        given = {"orders": "orders"} | options
        made, self.info = await open_source(name, given, self.context, guard=guard, process=process)
        self.made = made
        guarded = guard_source(made, guard, name=name, clock=self.clock, report=self.seen.append)
        self._open.append(guarded)
        return guarded

    async def sink(self, guard=PATIENT, process=PROCESS):
        made, self.info = await open_sink("rough", {"orders": "orders"}, self.context, guard=guard, process=process)
        self.made = made
        guarded = guard_sink(made, guard, name="rough", clock=self.clock, report=self.seen.append)
        self._open.append(guarded)
        return guarded

    async def close(self) -> None:
        for guarded in self._open:
            await guarded.close()


@pytest.fixture
async def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    await made.close()


async def fault_of(awaitable) -> AdapterFault:
    with pytest.raises(AdapterFault) as caught:
        await awaitable
    assert SECRET not in str(caught.value)
    return caught.value


async def read(guarded, announcement) -> bytes:
    return b"".join([piece async for piece in guarded.document(announcement)])


# ---------------------------------------------------------------- as if it were here


async def test_each_operation_answers_as_it_does_inside_the_daemon(bench):
    apart = await bench.source()
    here = guard_source(
        load_source("rough", {"orders": "orders"}, bench.context)[0], PATIENT, name="rough", clock=bench.clock
    )
    try:
        look = await apart.look(INS)
        assert look == await here.look(INS)
        assert await apart.look(OTHER_INS) == await here.look(OTHER_INS)
        assert await read(apart, look.announcement) == await read(here, look.announcement)
        assert await apart.counts() == await here.counts()
        assert await apart.remarks() == await here.remarks() == (Remark(None, "rough"),)
        assert await apart.health() == await here.health()
        assert apart.tells_opposition is here.tells_opposition is False
        for order in ("raise", "refuse", "another type", "future", "exit"):
            bench.tell(order)
            ours, theirs = await fault_of(apart.look(INS)), await fault_of(here.look(INS))
            assert (ours.code, ours.message) == (theirs.code, theirs.message)
    finally:
        await here.close()
        sys.modules.pop("acme_rough", None)
    assert bench.seen[0] == FaultSeen("rough", "look", Code.ADAPTER_FAILED, "ValueError")
    assert bench.seen[1].cause == "ambiguous"
    assert (bench.info.distribution, bench.info.halves) == ("acme-rough", ("source", "sink"))


async def test_what_is_qualified_of_an_identity_comes_over_whole(bench):
    source = await bench.source()
    bench.tell("attributes")

    look = await source.look(INS)

    assert look.identity.attributes == {IdentityAttribute.HOMONYME}
    assert look.identity.former == (OTHER_INS,)


async def test_a_trace_and_a_filed_document_reach_the_software(bench):
    source, sink = await bench.source(), await bench.sink()

    async def content():
        for _ in range(5):
            yield PDF * 100

    await source.trace(TRACE)
    await sink.told(TOLD)
    reference = await sink.file(RECEIVED, content())

    assert (bench.folder / "data" / "traces").read_text() == TRACE.trace_id + "\n"
    assert reference == f"{RECEIVED.peer_name} {hashlib.sha256(PDF * 500).hexdigest()[:8]}"


async def test_large_pieces_come_over_in_smaller_ones(bench):
    source = await bench.source()
    announcement = (await source.look(INS)).announcement
    bench.tell("large pieces")

    sizes = [len(piece) async for piece in source.document(announcement)]

    assert max(sizes) <= 1024 * 1024
    assert sum(sizes) == 40 * 3 * 1024 * 512 + 14


async def test_a_reader_that_leaves_early_holds_nothing(bench):
    source = await bench.source()
    announcement = (await source.look(INS)).announcement

    for _ in range(30):
        pieces = source.document(announcement)
        await anext(pieces)
        await pieces.aclose()

    assert len(await read(source, announcement)) == 4_000_014
    assert bench.made.process.lives == 1


async def test_the_conformance_kit_finds_nothing_wrong(bench):
    await bench.source()

    findings = await examine_source(bench.made, known=[INS], unknown=[OTHER_INS], trace=TRACE)

    assert [str(finding) for finding in findings if finding.ok is False] == []


async def test_the_adapter_goes_by_the_daemons_clock_and_proxies(bench):
    bench.context = replace(bench.context, proxies=Proxies((("*.example", "http://127.0.0.1:3128"),)))
    source = await bench.source()
    bench.clock.wall += 86_400
    bench.tell("tell")

    await source.look(INS)

    seen = json.loads((bench.folder / "data" / "seen.json").read_text())
    assert seen["now"] - NOW - 86_400 in range(30)
    assert seen["ways"] == ["http://127.0.0.1:3128", None]


# ---------------------------------------------------------------- dying, hanging, swelling


@pytest.mark.parametrize("order", ["crash", "segfault", "kill group"])
async def test_a_crash_is_a_fault_of_the_call_and_the_next_one_is_answered(bench, order):
    source = await bench.source()
    bench.tell(order)

    fault = await fault_of(source.look(INS))
    bench.tell("be good")

    assert fault.code is Code.ADAPTER_FAILED
    assert "its process ended" in fault.message
    assert bench.seen[-1].cause == "process-ended"
    assert (await source.look(INS)).identity is not None
    assert bench.made.process.lives == 2


async def test_an_adapter_that_crashes_each_time_is_started_less_and_less_often(bench):
    source = await bench.source()
    bench.tell("crash")

    faults = [await fault_of(source.look(INS)) for _ in range(5)]

    assert bench.made.process.lives == 2
    assert "next start in" in faults[-1].message
    health = await source.health()
    assert (health.ok, bench.seen[-1].cause) == (False, "resting")


async def test_memory_is_the_adapters_own(bench):
    source = await bench.source(process=replace(PROCESS, memory_bytes=300 * 1024 * 1024))
    before = psutil.Process().memory_info().rss
    bench.tell("hog")

    fault = await fault_of(source.look(INS))
    bench.tell("be good")

    assert (fault.code, bench.seen[-1].cause) == (Code.ADAPTER_FAILED, "MemoryError")
    assert psutil.Process().memory_info().rss - before < 64 * 1024 * 1024
    with contextlib.suppress(AdapterFault):  # it may have died of it a moment later
        await source.look(INS)
    assert (await source.look(INS)).identity is not None


async def test_a_call_that_hangs_is_left_and_others_are_answered_meanwhile(bench):
    source = await bench.source(guard=replace(PATIENT, look_seconds=0.3))
    bench.tell("hang")

    fault = await fault_of(source.look(INS))
    bench.tell("be good")

    assert fault.code is Code.ADAPTER_TIMEOUT
    patient = guard_source(bench.made, PATIENT, name="rough", clock=bench.clock)
    assert (await patient.look(INS)).identity is not None
    assert bench.made.process.lives == 1


async def test_a_process_whose_places_are_held_by_calls_that_hang_is_replaced(bench):
    source = await bench.source(guard=replace(PATIENT, look_seconds=0.3, question_places=4))
    first = bench.made.process.pid
    bench.tell("hang")

    async with asyncio.timeout(60):
        while bench.made.process.pid == first:  # on a busy machine a call may be called off before it began
            await asyncio.gather(*(fault_of(source.look(INS)) for _ in range(2)))
    bench.tell("be good")

    assert await answered(source)
    assert not psutil.pid_exists(first)


async def test_an_adapter_that_blocks_its_loop_is_replaced(bench):
    source = await bench.source(guard=replace(PATIENT, counts_seconds=0.3), process=HASTY)
    first = bench.made.process.pid
    bench.tell("block the loop")

    assert (await fault_of(source.counts())).code is Code.ADAPTER_TIMEOUT
    bench.tell("be good")

    assert await answered(source)
    assert bench.made.process.pid != first


async def answered(source, seconds: float = 60.0) -> bool:
    """Whether it is answered again, once the process was replaced."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return (await source.look(INS)).identity is not None
            except AdapterFault:
                await asyncio.sleep(0.02)


async def test_killed_in_the_middle_of_a_document_the_reader_is_told_and_the_next_reading_is_whole(bench):
    source = await bench.source()
    announcement = (await source.look(INS)).announcement
    pieces = source.document(announcement)
    await anext(pieces)
    os.kill(bench.made.process.pid, signal.SIGKILL)

    async def rest():
        async for _ in pieces:
            pass

    fault = await fault_of(rest())

    assert (fault.code, bench.seen[-1].cause) == (Code.ADAPTER_FAILED, "process-ended")
    assert len(await read(source, announcement)) == 4_000_014


@pytest.mark.parametrize("order", ["crash", "raise"])
async def test_a_document_that_breaks_in_the_middle_is_never_taken_for_a_whole_one(bench, order):
    source = await bench.source()
    announcement = (await source.look(INS)).announcement
    bench.tell(order)

    assert (await fault_of(read(source, announcement))).code is Code.ADAPTER_FAILED


async def test_a_document_that_is_gone_is_told_as_such(bench):
    source = await bench.source()
    announcement = (await source.look(INS)).announcement
    bench.tell("gone")

    assert (await fault_of(read(source, announcement))).code is Code.DOCUMENT_CHANGED


async def test_a_sink_that_crashes_while_a_document_is_filed_has_not_filed_it(bench):
    sink = await bench.sink()
    bench.tell("crash")

    async def content():
        for _ in range(500):
            yield bytes(50_000)

    assert (await fault_of(sink.file(RECEIVED, content()))).code is Code.ADAPTER_FAILED


async def test_a_document_that_cannot_be_read_here_is_our_own_fault(bench):
    sink = await bench.sink()

    async def content():
        yield b"%PDF"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await sink.file(RECEIVED, content())
    assert bench.made.process.lives == 1


async def test_closing_ends_the_process_whatever_it_left_behind(bench):
    source = await bench.source("holder")
    await source.look(INS)
    pid = bench.made.process.pid

    await source.close()

    assert not psutil.pid_exists(pid)
    assert (await fault_of(source.look(INS))).code is Code.ADAPTER_FAILED


async def test_the_process_dies_with_the_daemon(tmp_path):
    """A daemon that is killed leaves no adapter behind, not even one whose loop is blocked."""
    script = tmp_path / "daemon.py"
    script.write_text(
        "import sys, time\nfrom connector.child_process import spawn\n"
        "child = spawn('connector.contract.child')\nprint(child.pid, flush=True)\ntime.sleep(3600)\n"
    )
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=asyncio.subprocess.PIPE, env=OUR_PATH
    )
    child = psutil.Process(int(await daemon.stdout.readline()))

    daemon.kill()
    await daemon.wait()

    assert child.wait(60) is None or not child.is_running()


# ---------------------------------------------------------------- what it can see, and what is believed of it


def contents(directory: Path) -> dict[str, str]:
    """The files of a directory."""
    return {path.name: path.read_text() for path in directory.iterdir()}


async def test_it_has_no_key_no_vault_and_no_peer_within_reach(bench, monkeypatch, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name in ("master-key", "vendor-password"):
        (credentials / name).write_text("secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    monkeypatch.setenv("SPSTI_MASTER_KEY", "/etc/spsti/master.key")
    key = (tmp_path / "master.key").open("w")
    os.set_inheritable(key.fileno(), True)
    source = await bench.source(
        process=replace(PROCESS, credentials=credentials), password="credential:vendor-password", since="2026-01-05"
    )
    bench.tell("tell")

    await source.look(INS)

    seen = json.loads((bench.folder / "data" / "seen.json").read_text())
    key.close()
    assert "master" not in json.dumps(seen["environment"])
    assert str(credentials) not in seen["environment"].values()
    shown = Path(seen["environment"]["CREDENTIALS_DIRECTORY"])
    assert contents(shown) == {"vendor-password": "secret"}
    assert {name.split(":")[0] for name in seen["descriptors"]} <= {"/dev/null", "socket", "anon_inode", "pipe"}
    assert sum(name.startswith("socket:") for name in seen["descriptors"]) <= 4, "the daemon, and its own loop's"
    assert seen["arguments"][1:5] == ["-P", "-m", "connector.contract.child", ""]
    assert seen["directory"] == "/"
    assert seen["since"] == "2026-01-05"
    reach = ("connector.peer", "connector.crypto", "connector.daemon", "connector.config", "cryptography", "aiohttp")
    assert not [module for module in seen["modules"] if module.startswith(reach)]


async def test_the_daemons_memory_can_be_read_by_no_other_process_of_its_user():
    script = (
        "import ctypes\nfrom connector.child_process import keep_memory_private\n"
        "keep_memory_private()\nprint(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env=OUR_PATH
    )

    assert (await daemon.communicate())[0] == b"0\n"


async def test_the_vendors_code_is_not_imported_by_the_daemon(bench):
    source = await bench.source()
    await source.look(INS)

    assert "acme_rough" not in sys.modules


async def test_what_it_prints_goes_nowhere(bench, capfd):
    source = await bench.source()
    bench.tell("shout")

    await source.look(INS)

    assert SECRET not in "".join(capfd.readouterr())


LIES = {
    "no frame": b"\xff" * 64,
    "no JSON": b"\0\0\0\4\0\0\0\0oops",
    "no object": b"\0\0\0\2\0\0\0\0[]",
    "no number": encode({"v": 1}),
    "a piece that nobody asked for": encode({"i": 2}, b"x"),
    "a fault of no code": encode({"i": 2, "fault": ["adapter.made_up", "", "", ""]}),
    "a fault of no form": encode({"i": 2, "fault": "x"}),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_process_that_speaks_out_of_turn_is_replaced(bench, lie):
    (bench.folder / "lie").write_bytes(LIES[lie])
    await bench.source("liar")
    source = guard_source(bench.made, PATIENT, name="liar", clock=bench.clock, report=bench.seen.append)
    bench.tell("be good")

    fault = await fault_of(source.look(INS))

    assert fault.code is Code.ADAPTER_FAILED
    assert bench.seen[-1].cause in {"process-nonsense", "process-ended"}
    (bench.folder / "lie").write_bytes(b"")
    assert await answered(source)


async def test_an_answer_that_is_made_up_is_checked_like_any_other(bench):
    (bench.folder / "lie").write_bytes(encode({"i": 2, "v": {"identity": 7}}))
    await bench.source("liar")
    source = guard_source(bench.made, PATIENT, name="liar", clock=bench.clock, report=bench.seen.append)

    fault = await fault_of(source.look(INS))

    assert fault.code is Code.ADAPTER_CONTRACT


# ---------------------------------------------------------------- not coming to life


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("fail to be made", "could not be made (RuntimeError in its constructor)"),
        ("die while made", "its process ended"),
        ("hang while made", "not made within"),
    ],
)
async def test_an_adapter_that_cannot_be_made_stops_the_start_and_says_why(bench, order, says):
    bench.tell(order)
    seconds = 1.0 if order.startswith("hang") else 60.0

    with pytest.raises(ConfigFault) as raised:
        await bench.source(process=replace(PROCESS, start_seconds=seconds))

    assert says in raised.value.message
    assert SECRET not in str(raised.value)


async def test_an_adapter_that_is_not_there_is_told_as_inside_the_daemon(bench):
    with pytest.raises(ConfigFault) as raised:
        await bench.source("ruogh")

    assert 'did you mean "rough"?' in raised.value.message


def test_options_are_checked_in_a_process_of_their_own(tmp_path):
    good = {"orders": "orders"}
    halves = [("source", "rough", good | {"level": 12, "odd": 1}), ("sink", "rough", good), ("source", "ruogh", good)]

    source, sink, absent = option_faults(halves, ProcessSettings())

    assert [(found.path, found.fault.text("en")) for found in source] == [
        (("level",), "Input should be less than or equal to 9"),
        (("odd",), "unknown key"),
    ]
    assert sink == ()
    assert isinstance(absent, ConfigFault)
    assert "acme_rough" not in sys.modules


def test_an_adapter_that_dies_while_it_is_imported_is_a_fault_of_the_configuration(vendor):
    (vendor / "acme_rough.py").write_text("import os\nos._exit(9)\n")

    (found,) = option_faults([("source", "rough", {"orders": "orders"})], ProcessSettings())

    assert isinstance(found, ConfigFault)
    assert "ended without a word" in found.message
