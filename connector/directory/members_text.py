"""Write a member's entry as the text of a members file, to be sent to the other services of a trial."""

import base64
import json
from collections.abc import Iterable

from connector.core.directory import Member, MemberKey
from connector.core.instant import rfc3339


def entry_text(member: Member) -> str:
    """Give one `[[member]]` block that `MembersFile` reads back as this member."""
    lines = [
        "[[member]]",
        f"id = {_text(member.id.value)}",
        f"name = {_text(member.name)}",
        f"status = {_text(member.status)}",
        f"endpoint = {_text(member.endpoint)}",
    ]
    for name, values in (
        ("pins", member.tls.pins),
        ("former_names", member.former_names),
        ("towns", member.towns),
        ("departements", member.departements),
    ):
        if values:
            lines.append(f"{name} = [{', '.join(map(_text, values))}]")
    if member.contact:
        lines.append(f"contact = {_text(member.contact)}")
    if member.size_class:
        lines.append(f"size_class = {_text(member.size_class)}")
    if member.status_since is not None:
        lines.append(f"status_since = {rfc3339(member.status_since)}")
    return "\n".join(lines) + "\n" + "".join(map(_key_text, member.keys))


def members_text(members: Iterable[Member], *, comment: str = "") -> str:
    """Give a whole members file."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    return head + "\n" + "\n".join(map(entry_text, members))


def _key_text(key: MemberKey) -> str:
    text = (
        f"[[member.key]]\nkid = {_text(key.kid)}\nuse = {_text(key.use)}\nalgorithm = {_text(key.algorithm)}\n"
        f"public = {_text(base64.b64encode(key.public_der).decode())}\n"
        f"valid_from = {rfc3339(key.valid_from)}\nvalid_until = {rfc3339(key.valid_until)}\n"
    )
    if key.compromised_since is not None:
        text += f"compromised_since = {rfc3339(key.compromised_since)}\n"
    return text


def _text(value: str) -> str:
    return json.dumps(str(value), ensure_ascii=False)
