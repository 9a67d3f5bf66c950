"""Adapter for a folder or share of PDFs that the service's software exports with an index, found by its entry points.

Of the connector it imports `connector.contract` only.
"""
