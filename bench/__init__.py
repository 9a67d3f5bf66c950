"""Speed as ratios measured in one run, beside bare aiohttp, nginx and Orthanc: `make bench`.

No rule is switched off or moved after the answer for it: the daemons are those that `make demo` starts, and each bench
looks afterwards whether the ledgers hold what was answered. Servers run on one core, clients on the other.
"""
