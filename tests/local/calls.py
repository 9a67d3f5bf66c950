"""Calling the local API in tests: the one shape of errors, checked wherever one is expected."""

from connector.core.codes import Code
from connector.local.statuses import status_of

SECRETS = ("279035121518989", "PAT-TROIS", "DOMINIQUE", "51215", "spsti_", "1979-03-28")
"""What a test sends and no error may repeat."""


async def assert_problem(answer, code, status=None, secrets=SECRETS):
    """Assert the canonical shape of RFC 9457 and give the body."""
    text = await answer.text()
    body = await answer.json(content_type="application/problem+json")
    assert (body["code"], answer.status) == (code, status or status_of(Code(code)))
    assert body["type"] == f"urn:spsti-connector:error:{code}"
    assert body["status"] == answer.status
    assert body["title"]
    assert body["hint"]
    assert set(body) <= {"type", "title", "status", "code", "detail", "hint", "errors", "incident", "fetch"}
    assert ("fetch" in body) == (code == Code.FETCH_COPY_KEPT)
    assert not [secret for secret in secrets if secret in text]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return body
