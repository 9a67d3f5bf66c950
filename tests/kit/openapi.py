"""Whether a description is OpenAPI 3.1, and what is wrong with a value by one of its schemas.

The validators are imported by the test that wants them, and without grammars of internationalised addresses (RFC 3987):
compiling those takes seconds in each process, and no description here has such an address.
"""

import sys
from typing import Any


def assert_openapi_3_1(document: dict[str, Any]) -> None:
    """Raise what the validator of OpenAPI raises."""
    _without_iris()
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415 - see the module

    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1.")


def faults_by_schema(document: dict[str, Any], name: str, value: object) -> list[str]:
    """Give what a description has against a value, by the schema of that name."""
    _without_iris()
    from openapi_schema_validator import OAS31Validator  # noqa: PLC0415 - see the module

    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    validator = OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)
    return [fault.message for fault in validator.iter_errors(value)]


def _without_iris() -> None:
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
