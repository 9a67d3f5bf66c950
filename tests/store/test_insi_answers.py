"""Answers of INSi outlive a restart, are given as long as they are young enough, and name nobody on the disk."""

from connector.core.days import BirthDate
from connector.core.insi import InsiAnswer, InsiCode, InsiIdentity, InsiOperation, SearchTraits, VitaleCard
from connector.core.matricule import Matricule
from tests.kit.state import INS, OTHER_INS, T0, TRAITS, opened

QUESTION = SearchTraits.of(TRAITS)
CARD = VitaleCard(Matricule.parse("279035121518989"), BirthDate.parse("1979-03-00"))


def answer(at=T0):
    identity = InsiIdentity(INS, TRAITS, (OTHER_INS,), 1)
    return InsiAnswer(InsiOperation.TRAITS, InsiCode.FOUND, at, "8f0c", b"<x>TCHITCHI</x>", identity, ("birth_place",))


async def test_an_answer_is_there_after_a_restart_whole(tmp_path):
    async with opened(tmp_path) as state:
        await state.insi_answers.keep(QUESTION, answer())
    async with opened(tmp_path) as state:
        assert await state.insi_answers.recent(QUESTION, not_before=T0) == answer()


async def test_an_answer_that_is_too_old_or_to_another_question_is_not_given(tmp_path):
    async with opened(tmp_path) as state:
        await state.insi_answers.keep(QUESTION, answer())

        assert await state.insi_answers.recent(QUESTION, not_before=T0 + 1) is None
        assert await state.insi_answers.recent(CARD, not_before=T0) is None


async def test_a_newer_answer_takes_the_place_of_the_older(tmp_path):
    async with opened(tmp_path) as state:
        for at in (T0, T0 + 60):
            await state.insi_answers.keep(QUESTION, answer(at))

        assert (await state.insi_answers.recent(QUESTION, not_before=T0)).at == T0 + 60


async def test_what_is_older_than_its_age_is_dropped(tmp_path):
    async with opened(tmp_path) as state:
        await state.insi_answers.keep(QUESTION, answer())
        await state.insi_answers.keep(CARD, answer(T0 + 60))
        await state.insi_answers.forget(T0 + 60)

        assert await state.insi_answers.recent(QUESTION, not_before=T0) is None
        assert await state.insi_answers.recent(CARD, not_before=T0) is not None


async def test_neither_question_nor_answer_stands_on_the_disk(tmp_path):
    async with opened(tmp_path) as state:
        await state.insi_answers.keep(QUESTION, answer())

    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert INS.matricule.value.encode() not in kept
    assert b"TCHITCHI" not in kept
