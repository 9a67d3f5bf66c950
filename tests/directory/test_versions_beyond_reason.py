"""Numbers and ends that whoever stole a key chose: no reader and no publisher may be stopped by them."""

from datetime import UTC, datetime

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Timestamp

from connector.core.instant import Instant
from connector.core.units import DAY_SECONDS
from connector.directory import suspending
from connector.directory.layout import MAX_LEAP, MAX_VERSION, entry_path, member_role
from connector.directory.metadata import parse
from connector.directory.publishing import publisher_round
from connector.directory.repository import delegated_role, instant_end, signed_bytes
from connector.directory.suspensions import Reason
from tests.kit.directory import NOW, A, Mirror, opened, published, serve, source


def stolen(federation, *, version=None, ends_at=None):
    """Give the published copy under a timestamp that the thief of the publisher's key made up."""
    files = federation.files()
    old = parse(Timestamp, files["metadata/timestamp.json"], "timestamp").signed
    made_up = Timestamp(version or old.version + 1, expires=ends_at or old.expires, snapshot_meta=old.snapshot_meta)
    files["metadata/timestamp.json"] = signed_bytes(made_up, federation.publisher)
    return Mirror(files)


@pytest.mark.parametrize("version", [1 + MAX_LEAP + 1, MAX_VERSION, MAX_VERSION + 1, 10**300])
def test_no_member_stops_the_publishers_or_uses_up_its_numbers(federation, version):
    joined = federation.join(A)
    path, target = entry_path(A), federation.workspace.needs_published().roles[member_role(A)].target
    ends_at = instant_end(NOW, DAY_SECONDS)
    federation.workspace.put_incoming(
        member_role(A), delegated_role(path, target, version, ends_at, CryptoSigner(joined.entry_key))
    )
    suspending.suspend(federation.workspace, A, Reason.KEY_STOLEN, federation.operators[0], NOW)

    publication = federation.publish()

    assert publication.taken == ("suspensions-op-1 1",)
    assert [text.partition(":")[0] for text in publication.refused] == [member_role(A)]


def test_a_date_as_a_version_is_published(federation):
    joined = federation.join(A)
    joined.version = 2_026_112_399

    assert federation.update(joined).taken == (f"member-{A} 2026112400",)


@pytest.mark.parametrize("version", [MAX_VERSION + 1, 10**300])
async def test_a_version_that_could_not_be_archived_is_passed_over_for_the_next_copy(tmp_path, federation, version):
    federation.join(A)

    found, ears = await opened(tmp_path, federation, stolen(federation, version=version), published(federation))

    assert found.get(A) is not None
    assert ears.kinds() == ["malformed"]


async def test_an_end_dated_far_ahead_does_not_let_the_others_pass_for_frozen(tmp_path, federation):
    federation.join(A)
    far = stolen(federation, ends_at=datetime(2200, 1, 1, tzinfo=UTC))
    federation.now = Instant(NOW + DAY_SECONDS)
    federation.publish()
    suspending.suspend(federation.workspace, A, Reason.KEY_STOLEN, federation.operators[0], federation.now)
    federation.publish()

    found, ears = await opened(tmp_path, federation, far, published(federation), published(federation))

    assert found.get(A).status.value == "suspended"
    assert ears.kinds() == []


def test_a_publisher_does_not_follow_numbers_that_use_up_its_own(federation):
    federation.join(A)
    thief = stolen(federation, version=MAX_VERSION)
    federation.now = Instant(NOW + DAY_SECONDS)
    before = federation.workspace.needs_published().verified(federation.now).versions["timestamp"]

    with serve(thief) as urls:
        publication = publisher_round(federation.workspace, [federation.publisher], federation.now, [source(urls[0])])

    (told,) = publication.mirrors
    assert (told.refusal.value, "stolen" in told.detail) == ("ahead", True)
    assert federation.workspace.needs_published().verified(federation.now).versions["timestamp"] == before + 1
