"""The SPSTI connector: one occupational-health service asks another for a worker's record.

The rooms and who may import whom are described in docs/architecture. The only public Python API is
`connector.contract`; all else may change without notice.
"""

__version__ = "0.1.0"
