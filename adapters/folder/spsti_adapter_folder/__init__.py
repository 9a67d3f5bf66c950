"""Adapter for a folder or share of PDFs that the service's software exports with an index, found by its entry points.

Of the connector it imports `connector.contract` only.
"""

from spsti_adapter_folder.sink import FolderSink
from spsti_adapter_folder.source import FolderSource

__all__ = ["FolderSink", "FolderSource"]
