"""The published description, the adapter and the example vendor say the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from connector.contract import AdapterError, Problem
from connector.contract.discovery import load_sink, load_source, sink_option_faults, source_option_faults
from spsti_adapter_http import HttpSource
from spsti_adapter_http.forms import (
    CountsForm,
    FilingForm,
    HealthForm,
    LookForm,
    filing_json,
    ins_json,
    look_of,
    parsed,
    told_json,
    trace_json,
)
from tests.adapters_http.conftest import write_key
from tests.adapters_http.node import running, tls
from tests.adapters_http.test_node import MTLS, THIRD, workers
from tests.adapters_http.vendor import INS, LOOK, NOBODY, OTHER, PDF, TOLD, TRACE, context, received
from tests.kit.openapi import assert_openapi_3_1, faults_by_schema

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "vendor-api" / "README.md"
README = ROOT / "adapters" / "http" / "README.md"
DESCRIPTION = json.loads((ROOT / "docs" / "vendor-api" / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS = DESCRIPTION["components"]["schemas"]


def faults(name, value):
    return faults_by_schema(DESCRIPTION, name, value)


def operations():
    for path, item in DESCRIPTION["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def test_the_description_is_openapi_3_1():
    assert_openapi_3_1(DESCRIPTION)


@pytest.mark.parametrize(
    ("name", "operation"), list(operations()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_example_is_as_described(name, operation):
    contents = [operation.get("requestBody", {}), *operation["responses"].values()]
    examples = [media for content in contents for media in content.get("content", {}).values() if "example" in media]

    for media in examples:
        assert faults(media["schema"]["$ref"].rsplit("/", 1)[1], media["example"]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LookRequest", {"ins": ins_json(INS)}),
        ("Trace", trace_json(TRACE)),
        ("Filing", filing_json(received(PDF))),
        ("Filing", filing_json(received(PDF, original_sha256_hex="cd" * 32))),
        ("Told", told_json(TOLD)),
        ("Look", LOOK),
        ("Look", NOBODY),
    ],
)
def test_what_the_adapter_sends_and_takes_is_as_described(name, value):
    assert faults(name, value) == []


@pytest.mark.parametrize(
    ("form", "name"), [(LookForm, "Look"), (HealthForm, "Health"), (CountsForm, "Counts"), (FilingForm, "FilingId")]
)
def test_the_adapter_takes_the_described_examples(form, name):
    for _, operation in operations():
        for answer in operation["responses"].values():
            for media in answer.get("content", {}).values():
                if media.get("schema", {}).get("$ref", "").endswith(f"/{name}") and "example" in media:
                    assert parsed(form, media["example"])
                    if form is LookForm:
                        assert look_of(parsed(form, media["example"]), INS).announcement.version == "3"


def test_the_words_of_a_problem_are_the_contracts():
    assert set(SCHEMAS["Problem"]["properties"]["problem"]["enum"]) == {problem.value for problem in Problem}


def test_no_address_and_no_header_has_a_place_for_an_ins():
    for _, operation in operations():
        for parameter in operation.get("parameters", []):
            assert parameter["name"] in {"record_ref", "version", "filing_id", "Range"}


async def test_the_example_vendor_answers_as_described(tmp_path, keys, opened):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "record.pdf").write_bytes(PDF)
    async with running(tmp_path, workers(), tls=tls(keys)) as port:
        source = await opened(f"https://127.0.0.1:{port}/spsti/v1", **MTLS)
        ask = source._half.exchange.ask
        answers = [
            ("Look", await ask("POST", "/look", {"ins": ins_json(INS)})),
            ("Look", await ask("POST", "/look", {"ins": ins_json(OTHER)})),
            ("Health", await ask("GET", "/health")),
            ("Counts", await ask("GET", "/counts")),
            ("FilingId", await ask("POST", "/filings", filing_json(received(PDF)))),
        ]
        await source.close()

    assert [fault for name, answer in answers for fault in faults(name, answer)] == []


def test_the_guide_names_every_operation_and_every_problem():
    text = GUIDE.read_text(encoding="utf-8")

    assert [name for name, _ in operations() if f"`{name}`" not in text] == []
    assert [problem for problem in Problem if f"`{problem.value}`" not in text] == []


async def test_the_program_of_the_guide_runs(tmp_path, keys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "record.pdf").write_bytes(PDF)
    (block,) = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    program: dict[str, object] = {"__name__": "guide"}
    exec(compile(block, str(GUIDE), "exec"), program)

    async with running(tmp_path, workers(), tls=tls(keys)) as port:
        told = await program["check"](f"https://127.0.0.1:{port}/spsti/v1", [INS, OTHER], [THIRD], keys)

    assert "right  known worker 1: status QUAL" in told
    assert "WRONG" not in told


# --- options ---------------------------------------------------------------------------------------------------------


def test_both_halves_are_found_by_their_entry_points(tmp_path):
    given = {"url": "unix:/run/vendor.sock"}

    assert load_source("http", given, context(tmp_path))[1].halves == ("source", "sink")
    assert load_sink("http", given, context(tmp_path))[1].contract_version == 1


def test_the_configuration_of_the_guide_is_one():
    for block in re.findall(r"^```toml\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        given = tomllib.loads(block)
        assert source_option_faults("http", given["source"]["options"]) == ()
        assert sink_option_faults("http", given.get("sink", given["source"])["options"]) == ()


@pytest.mark.parametrize(
    ("options", "path", "words"),
    [
        ({}, "url", "missing"),
        ({"url": "http://dmst.example"}, "url", "https"),
        ({"url": "ftp://dmst.example"}, "url", "https"),
        ({"url": "https://"}, "url", "https"),
        ({"url": "https://dmst.example:port/"}, "url", "a URL"),
        ({"url": "https://user:secret@dmst.example"}, "url", "password"),
        ({"url": "https://dmst.example/?key=1"}, "url", "query"),
        ({"url": "unix:run/vendor.sock"}, "url", "absolute"),
        ({"url": "https://dmst.example"}, "", "nothing says who asks"),
        ({"url": "https://dmst.example", "certificate": "c.pem"}, "", "belong together"),
        ({"url": "http://127.0.0.1:1", "certificate": "c.pem", "key": "c.key"}, "", "are for https"),
        ({"url": "https://dmst.example", "bearer": {"key": "k.pem", "kid": "a b"}}, "bearer.kid", "match"),
        ({"url": "https://dmst.example", "min_tls": "1.1"}, "min_tls", ""),
        ({"url": "https://dmst.example", "verify": False}, "verify", "unknown key"),
    ],
)
def test_options_are_refused_by_their_key(options, path, words):
    found = source_option_faults("http", options)

    assert [fault for fault in found if ".".join(map(str, fault.path)) == path and words in str(fault)]
    assert "secret" not in str(found)


@pytest.mark.parametrize("spoil", ["absent", "no key", "other curve", "encrypted", "no certificate"])
async def test_a_key_that_cannot_be_used_is_told_in_health(tmp_path, keys, spoil):
    options = {"url": "https://127.0.0.1:1", "bearer": {"key": "k.pem", "kid": "1"}}
    if spoil == "no key":
        (tmp_path / "k.pem").write_text("no key")
    elif spoil == "other curve":
        write_key(tmp_path, generate_private_key(SECP384R1()), "k")
        (tmp_path / "k.key").rename(tmp_path / "k.pem")
    elif spoil == "encrypted":
        key = generate_private_key(SECP256R1())
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
        (tmp_path / "k.pem").write_bytes(text)
        options = {"url": "https://127.0.0.1:1", "certificate": str(keys / "connector.pem"), "key": "k.pem"}
    elif spoil == "no certificate":
        options = {"url": "https://127.0.0.1:1", "certificate": "c.pem", "key": "k.pem"}

    source = HttpSource(HttpSource.Options(**options), context(tmp_path))
    with pytest.raises(AdapterError) as raised:
        await source.start()
    assert raised.value.problem is Problem.SCHEMA
    assert not (await source.health()).ok
