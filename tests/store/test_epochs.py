"""Epoch keys at the edges: read while they are destroyed, and on a disk that does not give them."""

import threading

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import Retention
from connector.store.epochs import EpochKeys
from tests.kit.state import INS, T0, SystemEntropy


class ReadMeanwhile(SystemEntropy):
    """Has somebody else ask for a key at the moment in which its file is about to be overwritten."""

    def __init__(self):
        self.ask, self.reader = None, None

    def token(self, size):
        if self.ask is not None:
            ask, self.ask = self.ask, None
            answered = threading.Event()
            self.reader = threading.Thread(target=lambda: (ask(), answered.set()))
            self.reader.start()
            answered.wait(0.3)  # it comes through only where nothing keeps it out
        return super().token(size)


def test_who_reads_a_key_while_it_is_destroyed_does_not_bring_it_back(tmp_path):
    entropy = ReadMeanwhile()
    epochs = EpochKeys(tmp_path / "epochs", bytes(32), entropy)
    name, _ = epochs.current(Retention.MONTHLY, Instant(T0))
    found = []
    entropy.ask = lambda: found.append(epochs.find(name))

    epochs.destroy(name)
    entropy.reader.join()

    assert found == [None]
    with pytest.raises(FailedClosed):
        epochs.tag_for(name, INS)


def test_a_key_that_the_disk_does_not_give_is_told_and_not_taken_for_destroyed(tmp_path):
    made = EpochKeys(tmp_path / "epochs", bytes(32), SystemEntropy())
    name, _ = made.current(Retention.MONTHLY, Instant(T0))
    (tmp_path / "epochs" / f"{name}.key").unlink()
    (tmp_path / "epochs" / f"{name}.key").mkdir()

    with pytest.raises(FailedClosed) as refused:
        EpochKeys(tmp_path / "epochs", bytes(32), SystemEntropy()).find(name)

    assert refused.value.code is Code.LEDGER_UNAVAILABLE
