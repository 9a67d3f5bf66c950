"""Adapter for any database with a SQLAlchemy driver, found by its entry points.

Of the connector it imports `connector.contract` only. The guide, with the recommended view, is adapters/sql/README.md.
"""

from spsti_adapter_sql.explain import Explained
from spsti_adapter_sql.sink import SqlSink
from spsti_adapter_sql.source import SqlSource

__all__ = ["Explained", "SqlSink", "SqlSource"]
