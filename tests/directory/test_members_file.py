"""The members file: read as a whole or refused as a whole."""

import asyncio
import base64

import pytest

from connector.core.directory import MemberStatus
from connector.core.errors import ConfigFault
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory.members_file import MembersFile

A, B = "318751275100020", "339172288100052"
PIN = "A" * 43


def member(member_id, *, key=b"key", extra="", status="active", endpoint="https://127.0.0.1:8443"):
    return f"""
[[member]]
id = "{member_id}"
name = "SPSTI {member_id}"
status = "{status}"
endpoint = "{endpoint}"
{extra}
[[member.key]]
kid = "sign-1"
use = "sign"
algorithm = "ES256"
public = "{base64.b64encode(key + member_id.encode()).decode()}"
valid_from = 2026-01-01T00:00:00Z
valid_until = 2029-01-01T00:00:00Z
"""


@pytest.fixture
def write(tmp_path):
    path = tmp_path / "members.toml"

    def write(text):
        path.write_text(text)
        return path

    return write


def test_members_are_found_by_id_by_ou_and_by_pin(write):
    file = MembersFile(write(member(A) + member(B, extra=f'pins = ["{PIN}"]')), Environment.TEST)

    assert file.get(MemberId.parse(A)).name == f"SPSTI {A}"
    assert file.by_certificate("x" * 43, (A,)).id.value == A
    assert file.by_certificate(PIN, ()).id.value == B
    assert file.by_certificate("x" * 43, (B,)) is None
    assert file.by_certificate("x" * 43, ("nobody",)) is None
    assert file.version.startswith("file:")
    assert len(file.version) == 5 + 43


def test_a_file_that_begins_with_a_windows_mark_is_read(write):
    file = MembersFile(write("\ufeff" + member(A)), Environment.TEST)

    assert file.get(MemberId.parse(A)).name == f"SPSTI {A}"


def test_a_certificate_that_names_two_members_belongs_to_none(write):
    file = MembersFile(write(member(A) + member(B)), Environment.TEST)

    assert file.by_certificate("x" * 43, (A, B)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at least one"),
        ("x = 1\n" + member(A), 'unknown key "x"'),
        (member(A) + member(A), "listed twice"),
        (member(A, status="asleep"), "status"),
        (member(A, endpoint="http://127.0.0.1"), "endpoint"),
        (member(A, endpoint="https://u:p@127.0.0.1"), "endpoint"),
        (member(A, extra='pins = ["short"]'), "pins"),
        (member(A, extra="towns = 3"), "towns"),
        (member(A, extra='colour = "red"'), 'unknown key "colour"'),
        (member("not-a-number"), "member 1"),
        (member(A).replace("ES256", "HS256"), "algorithm"),
        (member(A).replace("valid_from = 2026-01-01T00:00:00Z", "valid_from = 2026-01-01"), "valid_from"),
        (member(A).replace('public = "', 'public = "!'), "public"),
        ("[[member]", "TOML"),
    ],
)
def test_a_faulty_file_is_refused_with_the_reason(write, text, said):
    with pytest.raises(ConfigFault, match="members file") as caught:
        MembersFile(write(text), Environment.TEST)
    assert any(said in fault for fault in caught.value.faults)


def test_two_members_cannot_share_a_key(write):
    shared = base64.b64encode(b"k").decode()
    text = "".join(
        m.replace(base64.b64encode(b"key" + i.encode()).decode(), shared) for i, m in ((A, member(A)), (B, member(B)))
    )
    with pytest.raises(ConfigFault, match="is also a key of"):
        MembersFile(write(text), Environment.TEST)


def test_production_refuses_a_wrong_check_digit_and_a_loopback_endpoint(write):
    with pytest.raises(ConfigFault) as caught:
        MembersFile(write(member("318751275100021") + member(A)), Environment.PRODUCTION)
    assert len(caught.value.faults) == 2
    MembersFile(write(member("318751275100021")), Environment.TEST)


async def test_a_reload_tells_who_changed_and_a_faulty_one_changes_nothing(write):
    file = MembersFile(write(member(A) + member(B)), Environment.TEST)
    follower = file.changes()
    first = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0)

    write(member(A) + member(B, status="asleep"))
    with pytest.raises(ConfigFault):
        file.reload()
    assert file.get(MemberId.parse(B)).status is MemberStatus.ACTIVE

    write(member(A) + member(B, status="suspended"))
    assert file.reload() is True
    assert file.reload() is False
    change = await first
    assert (change.id.value, change.status) == (B, MemberStatus.SUSPENDED)
    await follower.aclose()
