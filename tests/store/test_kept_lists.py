"""Members lists that were believed here, each with every time at which it came into force."""

from connector.core.instant import Instant
from connector.store.evidence import KeptList
from tests.kit.state import T0, opened


async def test_a_list_that_comes_back_is_in_force_again_from_then_on(tmp_path):
    async with opened(tmp_path) as state:
        for hour, version in enumerate(("file:a", "file:b", "file:a", "file:a")):
            await state.evidence.keep_list(KeptList(version, Instant(T0 + hour), version.encode()))

        kept = await state.evidence.lists()

    assert [(one.version, one.at - T0, one.content) for one in kept] == [
        ("file:a", 0, b"file:a"),
        ("file:b", 1, b"file:b"),
        ("file:a", 2, b"file:a"),
    ]
