"""What operators may decide, and what the tools refuse before anybody signs it."""

import json
from dataclasses import replace

import pytest
from securesystemslib.signer import CryptoSigner

from connector.core.directory import MemberStatus, TlsBinding
from connector.core.errors import ConfigFault, LocalRefused
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.core.units import DAY_SECONDS
from connector.crypto.keys import SigningAlgorithm, generate
from connector.directory import ceremony, rotation, suspending
from connector.directory.duty import differences, duties
from connector.directory.joining import make_request, read_request
from connector.directory.keyring import make_key, public_json, public_key, read_public, signers_in
from connector.directory.layout import SUSPENSION_AHEAD, member_role, seat_role, suspensions_path
from connector.directory.refusal import DirectoryRefused
from connector.directory.repository import delegated_role, instant_end
from connector.directory.suspensions import Reason, Suspension
from connector.directory.suspensions import to_json as suspensions_json
from connector.directory.workspace import Workspace
from tests.kit.directory import (
    NOW,
    A,
    B,
    C,
    Federation,
    directory,
    house,
    operator_signer,
    published,
    serve,
)


def request_of(joining, environment=Environment.TEST, now=NOW):
    return make_request(joining.member, joining.signers, joining.entry_key, environment, now)


# ---------------------------------------------------------------- founding


def founding(environment, *, roots=5, root_threshold=3, targets=3, targets_threshold=2, publishers=1):
    keys = [operator_signer(f"op-{n}").public_key for n in range(max(roots, targets))]
    auto = [operator_signer(f"publisher-{n}").public_key for n in range(publishers)]
    return ceremony.Founding(environment, keys[:roots], root_threshold, keys[:targets], targets_threshold, auto)


@pytest.mark.parametrize("fewer", [{"root_threshold": 2}, {"roots": 4}, {"targets_threshold": 1}, {"targets": 2}])
def test_a_production_federation_needs_three_of_five_and_two_of_three(tmp_path, fewer):
    with pytest.raises(LocalRefused, match="production expects at least"):
        ceremony.found(Workspace(tmp_path), founding(Environment.PRODUCTION, **fewer), NOW)


def test_a_production_federation_is_founded_with_three_of_five_and_two_of_three(tmp_path):
    ceremony.found(Workspace(tmp_path), founding(Environment.PRODUCTION), NOW)

    assert {m.role: m.needed for m in Workspace(tmp_path).missing()} == {"root": 3, "targets": 2}


def test_a_federation_without_a_publisher_or_with_a_key_twice_is_not_founded(tmp_path):
    right = founding(Environment.TEST)
    for wrong, what in (
        (replace(right, publisher_keys=[]), "at least one key"),
        (replace(right, root_keys=[right.root_keys[0]] * 5), "distinct keys"),
        (replace(right, root_threshold=6), "threshold"),
        (replace(right, publisher_keys=[right.root_keys[0]]), "automated key"),
        (replace(right, targets_keys=[operator_signer("op-1").public_key] * 1, targets_threshold=1), "same label"),
    ):
        with pytest.raises(LocalRefused, match=what):
            ceremony.found(Workspace(tmp_path), wrong, NOW)


def test_a_federation_is_not_founded_over_another(federation):
    with pytest.raises(LocalRefused, match="is there already"):
        ceremony.found(federation.workspace, founding(Environment.TEST), NOW)


def test_nothing_is_published_before_the_thresholds_are_met(tmp_path):
    federation = Federation.__new__(Federation)
    workspace = Workspace(tmp_path)
    operators = [operator_signer(f"op-{n}") for n in range(5)]
    public, publisher = [o.public_key for o in operators], operator_signer("publisher-1")
    ceremony.found(
        workspace, ceremony.Founding(Environment.TEST, public, 3, public[:3], 2, [publisher.public_key]), NOW
    )
    federation.workspace, federation.publisher, federation.now = workspace, publisher, NOW
    for signer in operators[:2]:
        workspace.sign([signer])

    with pytest.raises(LocalRefused, match="not signed completely"):
        federation.publish()

    workspace.sign([operators[4]])
    assert federation.publish().version.startswith("tuf:1.1.")


def test_a_key_that_nothing_asks_for_signs_nothing(federation):
    rotation.renew(federation.workspace, "targets", NOW)

    for signer in (operator_signer("stranger"), federation.operators[4], federation.publisher):
        with pytest.raises(LocalRefused, match="asks for these keys"):
            federation.workspace.sign([signer])


def test_one_operator_that_signs_twice_counts_once(federation):
    rotation.renew(federation.workspace, "targets", NOW)
    for _ in range(3):
        federation.workspace.sign([federation.operators[0]])

    (missing,) = federation.workspace.missing()

    assert (missing.needed, missing.signed) == (1, ("op-1",))


def test_a_change_after_a_signature_takes_the_signature_away(federation):
    federation.join(A)
    federation.join(B)
    ceremony.remove_member(federation.workspace, A, None, NOW)
    federation.workspace.sign([federation.operators[0]])
    ceremony.remove_member(federation.workspace, B, None, NOW)

    (missing,) = federation.workspace.missing()

    assert missing.signed == ()


def test_a_pending_list_that_was_exchanged_on_the_way_is_not_signed(federation):
    federation.join(A)
    ceremony.remove_member(federation.workspace, A, None, NOW)
    path = federation.workspace.pending / "memberships.json"
    path.write_bytes(path.read_bytes().replace(b'"left"', b'"joined"'))

    with pytest.raises(DirectoryRefused, match="is not what the pending targets name"):
        federation.workspace.sign([federation.operators[0]])


# ---------------------------------------------------------------- joining


def test_a_request_read_is_the_request_that_was_made():
    joining = house(A)

    read = read_request(request_of(joining), NOW)

    assert read.entry.member == replace(joining.member, contact="support@spsti.example")
    assert len(read.fingerprint.split()) == 8


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.ES256, SigningAlgorithm.PS256])
async def test_an_entry_may_be_signed_by_a_p256_or_an_rsa_key(tmp_path, federation, algorithm):
    federation.join(A, entry_algorithm=algorithm, sign=SigningAlgorithm.PS256)

    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls)
        await found.refresh()

    assert found.get(A).status is MemberStatus.ACTIVE


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda row: row | {"v": 2}, "expected version 1"),
        (lambda row: row | {"more": 1}, "no other"),
        (lambda row: row | {"environment": "production"}, "altered|check digit|loopback|another"),
        (lambda row: row | {"entry": row["entry"][:-4]}, "entry|altered"),
        (lambda row: row | {"role": row["entry"]}, "altered|no TUF"),
        (lambda row: row | {"key": row["key"] | {"keyid": "0" * 64}}, "keyid is not that"),
        (lambda row: row | {"key": {}}, "no public key"),
        (lambda row: row | {"key": public_row("member-someone")}, "altered"),
    ],
)
def test_an_altered_request_is_refused(change, fault):
    row = json.loads(request_of(house(A, endpoint="https://127.0.0.1:1")))

    with pytest.raises(LocalRefused, match=fault):
        read_request(json.dumps(change(row)).encode(), NOW)


def public_row(label):
    return json.loads(public_json(public_key(generate(SigningAlgorithm.ED25519), label)))


def test_a_request_with_the_entry_of_another_is_refused():
    mine, other = (json.loads(request_of(house(member))) for member in (A, B))

    with pytest.raises(LocalRefused, match="over another entry"):
        read_request(json.dumps(mine | {"entry": other["entry"]}).encode(), NOW)


def test_rubbish_is_no_request():
    for data in (b"", b"[]", b"{}", b"{" * 10_000, b"x" * 300_000):
        with pytest.raises(LocalRefused):
            read_request(data, NOW)


def test_a_member_joins_once(federation):
    federation.join(A)

    with pytest.raises(LocalRefused, match="has joined already"):
        ceremony.add_member(federation.workspace, read_request(request_of(house(A)), NOW), NOW)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (lambda first: {"name": first.member.name.upper()}, "a name of its entry"),
        (lambda first: {"acronyms": (first.member.name,)}, "a name of its entry"),
        (lambda first: {"tls": first.member.tls}, "pins a certificate key"),
    ],
)
def test_a_newcomer_that_takes_something_of_a_member_is_refused(federation, fields, fault):
    first = federation.join(A, tls=TlsBinding(("A" * 43,)))
    second = house(B, **fields(first))

    with pytest.raises(LocalRefused, match=fault):
        ceremony.add_member(federation.workspace, read_request(request_of(second), NOW), NOW)


def test_a_newcomer_with_a_key_of_a_member_is_refused(federation):
    first, second = federation.join(A), house(B)
    second.signers["sign-1"] = first.signers["sign-1"]
    second.member = replace(second.member, keys=(first.member.keys[0], second.member.keys[1]))

    with pytest.raises(LocalRefused, match=f"lists a key of {A}"):
        ceremony.add_member(federation.workspace, read_request(request_of(second), NOW), NOW)


def test_a_newcomer_with_the_entry_key_of_a_member_is_refused(federation):
    first, second = federation.join(A), house(B)
    second.entry_key = first.entry_key

    with pytest.raises(LocalRefused, match="already delegated"):
        ceremony.add_member(federation.workspace, read_request(request_of(second), NOW), NOW)


def test_a_request_of_another_environment_is_refused(federation):
    production = house(A)

    with pytest.raises(LocalRefused, match="the federation is test"):
        ceremony.add_member(
            federation.workspace, read_request(request_of(production, Environment.PRODUCTION), NOW), NOW
        )


def test_a_signer_reads_what_a_pending_list_changes(federation):
    federation.join(A)
    ceremony.add_member(federation.workspace, read_request(request_of(house(B)), NOW), NOW)
    ceremony.remove_member(federation.workspace, A, B, NOW)

    lines = differences(federation.workspace, NOW)

    assert f"{B}: new: SPSTI 00052, joined, size M" in lines
    assert f"{A}: standing: joined -> left; successor: - -> {B}" in lines
    assert any(line.startswith(f"member-{B}: delegated to ") for line in lines)
    assert f"member-{B}: version 0 -> 1, signed by its own key" in lines


# ---------------------------------------------------------------- keys and suspensions


async def test_a_lost_entry_key_is_replaced_by_the_operators(tmp_path, federation):
    joined = federation.join(A)
    joined.entry_key = generate(SigningAlgorithm.ED25519)
    rotation.rotate_member_key(federation.workspace, A, federation.entry_key_of(joined), NOW)
    federation.sign_all()
    federation.update(joined, endpoint="https://new.example")

    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls)
        await found.refresh()

    assert found.get(A).endpoint == "https://new.example"
    assert found.findings() == ()


async def test_a_stolen_entry_key_signs_nothing_more_once_it_was_replaced(tmp_path, federation):
    joined = federation.join(A)
    thief, new = replace(joined), generate(SigningAlgorithm.ED25519)
    rotation.rotate_member_key(federation.workspace, A, public_key(new, "member-new"), NOW)
    federation.sign_all()
    federation.publish()
    publication = federation.update(thief, endpoint="https://thief.example")

    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls)
        await found.refresh()

    assert publication.refused == (
        f"{member_role(A)}: is not signed by the key delegated to it, or names another file",
    )
    assert found.get(A).status is MemberStatus.MAIL_ONLY


def test_a_root_is_changed_by_three_operators_of_before(federation):
    rotation.rotate_operator_key(federation.workspace, "op-1", operator_signer("op-6").public_key, NOW)
    for signer in federation.operators[:2]:
        federation.workspace.sign([signer])
    waiting = federation.publish().waiting

    assert {(m.role, m.needed) for m in waiting} == {("root", 1), ("root", 2), ("targets", 1)}
    assert federation.workspace.needs_published().root.version == 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [("nobody", "op-6", "no key of the root"), ("op-1", "op-2", "another key has that label")],
)
def test_a_key_is_replaced_by_its_label(federation, old, new, fault):
    with pytest.raises(LocalRefused, match=fault):
        rotation.rotate_operator_key(federation.workspace, old, operator_signer(new).public_key, NOW)


def test_only_an_operator_suspends_and_only_who_is_listed(federation):
    joined = federation.join(A)

    for signer in (federation.publisher, operator_signer("stranger"), CryptoSigner(joined.entry_key)):
        with pytest.raises(LocalRefused, match="has no seat"):
            suspending.suspend(federation.workspace, A, Reason.PRECAUTION, signer, NOW)
    with pytest.raises(LocalRefused, match="is not listed"):
        suspending.suspend(federation.workspace, C, Reason.PRECAUTION, federation.operators[0], NOW)
    ceremony.remove_member(federation.workspace, A, None, NOW)
    with pytest.raises(LocalRefused, match="expected joined"):
        suspending.confirm_suspension(federation.workspace, A, NOW)


def test_an_operator_does_not_prolong_its_own_suspension(federation):
    federation.join(A)
    operator, workspace = federation.operators[0], federation.workspace
    suspending.suspend(workspace, A, Reason.PRECAUTION, operator, NOW)
    for _ in range(2):  # while it waits, and when it is published
        with pytest.raises(LocalRefused, match="op-1 has suspended .* already, until") as caught:
            suspending.suspend(workspace, A, Reason.PRECAUTION, operator, Instant(NOW + 6 * DAY_SECONDS))
        assert f"confirm-suspension {A}" in caught.value.hint
        federation.publish()
    (only,) = suspending.in_force(workspace, NOW)
    assert only == Suspension(A, NOW, Reason.PRECAUTION)

    suspending.suspend(workspace, A, Reason.PRECAUTION, federation.operators[1], Instant(NOW + 1))
    suspending.suspend(workspace, A, Reason.KEY_STOLEN, operator, Instant(NOW + 7 * DAY_SECONDS))


def test_a_suspension_that_is_dated_ahead_is_not_published_and_the_next_one_goes_without_it(federation):
    federation.join(A)
    operator, workspace = federation.operators[0], federation.workspace
    suspending.suspend(workspace, A, Reason.PRECAUTION, operator, Instant(NOW + SUSPENSION_AHEAD + 1))
    assert ["ahead of this clock" in text for text in federation.publish().refused] == [True]

    suspending.suspend(workspace, A, Reason.PRECAUTION, operator, NOW)
    assert federation.publish().refused == ()
    assert suspending.in_force(workspace, NOW) == [Suspension(A, NOW, Reason.PRECAUTION)]


def test_two_operators_clear_a_suspension_dated_by_a_clock_ahead_of_theirs(federation):
    federation.join(A)
    operator, workspace, ahead = federation.operators[0], federation.workspace, Instant(NOW + SUSPENSION_AHEAD)
    suspending.suspend(workspace, A, Reason.PRECAUTION, operator, ahead)
    federation.publish()
    assert suspending.in_force(workspace, ahead) != []

    suspending.lift_suspension(workspace, A, NOW)
    federation.sign_all()
    federation.publish()
    assert suspending.in_force(workspace, ahead) == []
    with pytest.raises(LocalRefused, match="two operators cleared") as caught:
        suspending.suspend(workspace, A, Reason.PRECAUTION, operator, ahead)
    assert f"confirm-suspension {A}" in caught.value.hint
    suspending.suspend(workspace, A, Reason.PRECAUTION, operator, Instant(ahead + 1))


@pytest.mark.parametrize("label", ["op-1", "op-6"])
async def test_an_operators_suspensions_follow_its_new_key(tmp_path, federation, label):
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.PRECAUTION, federation.operators[0], NOW)
    federation.publish()
    new = operator_signer(label)
    rotation.rotate_operator_key(federation.workspace, "op-1", new.public_key, NOW)
    lines = differences(federation.workspace, NOW)
    federation.sign_all(4)
    federation.workspace.sign([new])
    assert suspending.renew_seat(federation.workspace, federation.operators[1], NOW) == ()
    assert suspending.renew_seat(federation.workspace, new, NOW) == (Suspension(A, NOW, Reason.PRECAUTION),)
    assert suspending.renew_seat(federation.workspace, new, NOW) == ()
    federation.publish()

    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls)
        await found.refresh()

    assert f"suspension of {A} by op-1: ends, unless the new key signs here too" in lines
    assert found.get(A).status is MemberStatus.SUSPENDED
    assert found.findings() == ()
    assert suspending.renew_seat(federation.workspace, new, NOW) == ()


def test_whoever_carries_the_folder_has_no_operator_sign_a_suspension(federation):
    """Neither of what waits there, nor of what passes for published."""
    federation.join(A)
    federation.join(B)
    federation.join(C)
    stranger, operator = operator_signer("op-1"), federation.operators[0]
    suspending.suspend(federation.workspace, A, Reason.PRECAUTION, operator, NOW)
    federation.publish()
    path, data = suspensions_path("op-1"), suspensions_json((Suspension(B, NOW, Reason.MISBEHAVIOUR),))
    forged = delegated_role(path, data, 2, instant_end(NOW, DAY_SECONDS), stranger)
    federation.workspace.put_incoming(seat_role("op-1"), forged)

    suspending.suspend(federation.workspace, C, Reason.KEY_STOLEN, operator, Instant(NOW + 1))
    federation.publish()
    (seat,) = federation.workspace.needs_published().verified(NOW).seats.values()

    assert seat.content == (
        Suspension(A, NOW, Reason.PRECAUTION),
        Suspension(C, Instant(NOW + 1), Reason.KEY_STOLEN),
    )


def test_a_key_under_the_id_of_another_is_not_signed(federation):
    """TUF leaves ids of keys free, and a signer sees ids: with another key behind one, a renewal would name it."""
    federation.join(A)
    thief = public_key(generate(SigningAlgorithm.ED25519), "thief")
    for role in ("targets", "root"):
        rotation.renew(federation.workspace, role, NOW)
        path = federation.workspace.pending / f"{role}.json"
        document = json.loads(path.read_bytes())
        keys = document["signed"]["keys"] if role == "root" else document["signed"]["delegations"]["keys"]
        first = next(iter(keys))
        keys[first] = keys[first] | {"keyval": thief.to_dict()["keyval"]}
        path.write_text(json.dumps(document))

        with pytest.raises(LocalRefused, match="under the id of another"):
            differences(federation.workspace, NOW)
        with pytest.raises(LocalRefused, match="under the id of another"):
            federation.workspace.sign([federation.operators[0]])
        federation.workspace.drop_pending()


def test_a_signer_sees_the_new_key_behind_an_old_label(federation):
    new = operator_signer("op-1")
    rotation.rotate_operator_key(federation.workspace, "op-1", new.public_key, NOW)

    lines = differences(federation.workspace, NOW)

    assert any(f"op-1 (key {new.public_key.keyid[:16]})" in line for line in lines if line.startswith("root: root"))


def test_duty_tells_of_suspensions_entries_and_keys_that_end(federation):
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.PRECAUTION, federation.operators[2], NOW)
    federation.publish()
    late = Instant(NOW + 380 * DAY_SECONDS)

    soon = [duty.what for duty in duties(federation.workspace, NOW)]

    assert f"suspension of {A} (precaution) ends by itself" in soon
    assert f"{A}: its entry ends" in [duty.what for duty in duties(federation.workspace, late)]
    assert f"{A}: its key sign-1 ends" in [
        duty.what for duty in duties(federation.workspace, Instant(NOW + 890 * DAY_SECONDS))
    ]


def test_keys_are_read_from_a_usb_key_with_their_password(tmp_path):
    public = make_key(tmp_path, "presanse-2", b"a password of the test")

    (signer,) = signers_in([tmp_path], b"a password of the test")

    assert signer.public_key.keyid == read_public(public).keyid
    assert (tmp_path / "presanse-2.key").stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in (tmp_path / "presanse-2.key").read_bytes()
    with pytest.raises(ConfigFault) as caught:
        signers_in([tmp_path], b"another password")
    assert "another password" not in str(caught.value)


@pytest.mark.parametrize("label", ["Jean Dupont", "UPPER", "-a", "a" * 40, "", "a/b"])
def test_a_label_is_no_name_of_a_person_nor_a_path(tmp_path, label):
    with pytest.raises(LocalRefused, match="label"):
        make_key(tmp_path, label, b"a password of the test")
