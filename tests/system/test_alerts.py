"""A daemon rings at the webhook of its configuration, and goes on where nobody answers there."""

import pytest

from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import Physician
from tests.kit.system import CAST, DAEMON
from tests.kit.webhook import KEY, a_receiver


@pytest.mark.long
async def test_a_pause_and_a_limit_ring_and_a_receiver_that_is_down_stops_nobody(tmp_path):
    made = Federation.create(tmp_path, ("a", "c"), workers=12, directory="file")
    holder, asker = made.services["a"], made.services["c"]
    (holder.folder / "webhook.key").write_text(KEY)
    async with a_receiver() as receiver:
        holder.configure("alerts", webhook=receiver.url, webhook_key=str(holder.folder / "webhook.key"))
        holder.configure("limits", per_minute=1)
        for service in (holder, asker):
            service.command = DAEMON
        try:
            await made.start()
            camille = Physician(asker)
            first = await camille.fetch(CAST.only_at_a.asked, [holder.member_id])
            await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id])
            await receiver.until(lambda r: any(one["type"] == "limit.met" for one in r.alerts))
            await holder.call("POST", "/api/v1/answering/pause", {"reason": "maintenance"})
            await receiver.until(lambda r: any(one["data"]["detail"] == "answering" for one in r.alerts))
            await receiver.stop()
            await holder.call("POST", "/api/v1/answering/resume")
            status, ready = await holder.call("GET", "/health/ready")
        finally:
            await made.stop()

    met = next(one for one in receiver.alerts if one["type"] == "limit.met")
    assert met["data"] == {
        "service": holder.member_id,
        "environment": "test",
        "level": "warning",
        "detail": "minute",
        "member": asker.member_id,
    }
    assert first["state"] == "ready"
    assert CAST.only_at_a.asked.ins.matricule.value not in str(receiver.alerts)
    assert status == 200, ready
