"""Adapter for vendors that serve the connector's contract as a small REST API, found by its entry points.

Of the connector it imports `connector.contract` only.
"""
