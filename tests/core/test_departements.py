from connector.core.departements import DEPARTEMENTS


def test_every_number_has_a_name_of_its_own():
    mainland = {f"{number:02}" for number in range(1, 96) if number != 20} | {"2A", "2B"}
    overseas = {"971", "972", "973", "974", "975", "976", "977", "978", "986", "987", "988"}

    assert DEPARTEMENTS.keys() == mainland | overseas
    assert len({*DEPARTEMENTS.values()}) == len(DEPARTEMENTS)
