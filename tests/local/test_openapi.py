"""The description is valid OpenAPI 3.1, says what the handlers do, and every example fits its schema."""

import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import BaseModel
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from connector.core.codes import Code
from connector.local.examples import EXAMPLES
from connector.local.keys import Scope
from connector.local.openapi import describe
from connector.local.routes import OPERATIONS
from tests.kit.local_side import House, Served
from tests.kit.local_values import KEY
from tests.kit.openapi import assert_openapi_3_1

DOCUMENT = describe(OPERATIONS, House().settings)
FEW, MANY = 3, 30
"""Examples of an operation that `make test` and `make test-long` try."""


EACH = [
    pytest.param(path, method, described, id=described["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
]


def test_the_document_is_openapi_3_1():
    assert_openapi_3_1(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"


async def test_the_document_is_served_as_it_is(api):
    async with api.get("/api/openapi.json") as answer:
        assert await answer.json() == json.loads(json.dumps(DOCUMENT))


@pytest.mark.parametrize("model", [model for model in EXAMPLES if not isinstance(model, str)], ids=lambda m: m.__name__)
def test_each_example_fits_its_model(model: type[BaseModel]):
    parsed = model.model_validate(EXAMPLES[model])
    assert parsed.model_dump(mode="json", exclude_unset=True) == EXAMPLES[model]


@pytest.mark.parametrize(("path", "method", "described"), EACH)
def test_each_operation_has_examples_faults_and_its_access(path, method, described):
    assert described["summary"]
    assert described["description"]
    assert "500" in described["responses"]
    statuses = set(described["responses"])
    if described["security"]:
        assert {"401", "403"} <= statuses
    for status, response in described["responses"].items():
        assert response["description"]
        for media in response.get("content", {}).values():
            assert "example" in media or "examples" in media or media["schema"].get("format") == "binary"
        if status[0] in "45" and status != "503":
            assert set(response["content"]) == {"application/problem+json"}
    for parameter in described["parameters"]:
        assert "example" in parameter
        if parameter["in"] == "path":
            assert "{" + parameter["name"] + "}" in path


def test_no_parameter_takes_an_identity():
    for parameter in (p for operation in OPERATIONS for p in operation.parameters):
        assert not re.search("matricule|ins$|worker|name|birth", parameter.name)


def test_every_scope_opens_something():
    assert {operation.access for operation in OPERATIONS} >= set(Scope)


def test_each_fault_that_is_described_is_a_code():
    known = {code.value for code in Code}
    for methods in DOCUMENT["paths"].values():
        for described in methods.values():
            for response in described["responses"].values():
                schema = response.get("content", {}).get("application/problem+json", {}).get("schema", {})
                for part in schema.get("allOf", ()):
                    assert set(part.get("properties", {}).get("code", {}).get("enum", ())) <= known


@pytest.fixture(scope="module")
def schema():
    """The description as schemathesis has it, for a house that is served."""
    with Served(House(max_streams=50)) as running:
        schema = schemathesis.openapi.from_dict(DOCUMENT)
        schema.config.update(base_url=running.url)
        yield schema


TAKES_NOTHING = {
    "getDescription", "getLive", "getReady", "getMetrics", "getStatus", "verifyJournal",
    "getDirectory", "refreshDirectory", "getAnswering", "resumeAnswering",
}  # fmt: skip
"""Operations without input: no data can be wrong for them."""

TRIED = [
    pytest.param(mode, *operation.values, id=f"{mode.value}-{operation.id}")
    for mode in GenerationMode
    for operation in EACH
    if mode is GenerationMode.POSITIVE or operation.id not in TAKES_NOTHING
]


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
@pytest.mark.parametrize(("mode", "path", "method", "described"), TRIED)
def test_handlers_do_what_is_described(schema, mode, path, method, described, examples):
    """Data made from the description: no bug, no answer that is not described, no nonsense accepted."""
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    if mode is GenerationMode.NEGATIVE:
        checks.append(negative_data_rejection)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method.upper()].as_strategy(generation_mode=mode))
    def run(case):
        response = case.call(headers={"Authorization": f"Bearer {KEY}"}, timeout=20)
        case.validate_response(response, checks=checks)

    run()
