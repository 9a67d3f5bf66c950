"""The real stores keep the contracts of their ports."""

import pytest

from tests.store.contract_holder import HolderStoreContract
from tests.store.contract_requester import RequesterStoreContract
from tests.store.contract_traces import TraceOutboxContract


class TestHolderStore(HolderStoreContract):
    @pytest.fixture
    def kit(self, holder_kit):
        return holder_kit


class TestRequesterStore(RequesterStoreContract):
    @pytest.fixture
    def kit(self, requester_kit):
        return requester_kit


class TestTraceOutbox(TraceOutboxContract):
    @pytest.fixture
    def kit(self, holder_kit):
        return holder_kit
