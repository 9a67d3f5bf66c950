"""The ledger entry and the used mandate of one case."""

import json

from connector.core.ledger import EntryType
from connector.holder.case import Case
from connector.wire import b64, jose
from connector.wire.mandate import open_mandate
from tests.kit.holder_house import a_house


async def test_nobody_makes_us_remember_a_mandate_longer_than_a_good_one(tmp_path):
    async with a_house(tmp_path) as house:
        claims = json.loads(b64.decode(house.seal(house.demand()).split(b".")[1].decode()))
        compact = jose.seal("mandate+jwt", claims | {"exp": house.clock.now() + 10**9}, house.asker.signer)
        question = house.question(compact)
        verified = open_mandate(compact, peer=question.peer, now=question.at)

        used = Case(EntryType.ANSWERED, question, verified).used

    assert used.expires_at == question.at + 360
    assert (used.issuer, used.jti) == (house.asker.id, claims["jti"])
