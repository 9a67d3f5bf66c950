import pytest

from connector.core.instant import Instant
from connector.local.pages.moments import local_moment, local_size
from connector.local.words import Language


def test_an_instant_is_told_as_the_hour_in_france_in_winter_and_in_summer():
    assert local_moment(Instant(1_795_424_400), Language.FR) == "23/11/2026 à 10:00"
    assert local_moment("2026-07-01T22:30:00Z", Language.EN) == "2 July 2026, 00:30"


def test_what_is_no_instant_stays_as_it_is():
    assert local_moment("soon", Language.FR) == "soon"


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (0, "0,1 ko", "0.1 kB"),
        (1_500, "1,5 ko", "1.5 kB"),
        (512_009, "512 ko", "512 kB"),
        (67_305_100_000, "67 Go", "67 GB"),
    ],
)
def test_a_size_is_told_in_the_unit_people_know(count, french, english):
    assert local_size(count, Language.FR) == french
    assert local_size(count, Language.EN) == english
