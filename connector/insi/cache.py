"""Recent answers in memory: a second call for the same person is spared, and a restart forgets them all."""

from collections import OrderedDict

from connector.core.insi import InsiAnswer
from connector.core.instant import Instant
from connector.core.ports_insi import Question

DEFAULT_ANSWERS = 500


class MemoryAnswers:
    """`core.ports_insi.AnswerCache` of so many answers, the oldest leaving first."""

    def __init__(self, size: int = DEFAULT_ANSWERS) -> None:
        self._size = size
        self._kept: OrderedDict[Question, InsiAnswer] = OrderedDict()

    async def recent(self, question: Question, *, not_before: Instant) -> InsiAnswer | None:
        """Give the answer to that question if it came at `not_before` or later; older ones are dropped, whoever's."""
        while self._kept and next(iter(self._kept.values())).at < not_before:
            self._kept.popitem(last=False)
        return self._kept.get(question)

    async def keep(self, question: Question, answer: InsiAnswer) -> None:
        """Keep an answer 00 in the place of an older one."""
        self._kept.pop(question, None)
        self._kept[question] = answer
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
