"""Adapter for vendors that serve the connector's contract as a small REST API, found by its entry points.

Of the connector it imports `connector.contract` only.
"""

from spsti_adapter_http.sink import HttpSink
from spsti_adapter_http.source import HttpSource

__all__ = ["HttpSink", "HttpSource"]
