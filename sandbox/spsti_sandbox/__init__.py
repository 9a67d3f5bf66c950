"""A federation in a box: simulators, synthetic records and launchers for the demonstration, vendors and tests.

May import anything of the connector; nothing of the connector imports it, and it is not in the production wheel.
"""
