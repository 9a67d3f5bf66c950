"""Adapter for the demonstration vendor's SQLite database, found by its entry points.

Of the connector it imports `connector.contract` only.
"""

from spsti_adapter_demo.sink import DemoSink
from spsti_adapter_demo.source import DemoSource

__all__ = ["DemoSink", "DemoSource"]
