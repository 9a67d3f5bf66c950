import pytest

from connector.core.coverage import Lack
from connector.core.oppositions import Notice
from connector.core.outcome import WithheldReason
from connector.local import reasons
from connector.local.words import Language


@pytest.mark.parametrize("language", Language)
def test_every_reason_lack_and_notice_is_told_with_what_to_do(language):
    told = [reasons.of_reason(reason, language) for reason in WithheldReason]
    told += [reasons.of_lack(lack, language) for lack in Lack]
    told += [reasons.of_entry(language, stands=True, due=notice) for notice in Notice]

    assert all(words.text and words.next for words in told)


def test_the_two_languages_differ():
    for reason in WithheldReason:
        assert reasons.of_reason(reason, Language.FR) != reasons.of_reason(reason, Language.EN)
