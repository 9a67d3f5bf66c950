"""Seconds and bytes by their larger units: settings name the unit that people think in, the code counts these."""

from typing import Final

HOUR_SECONDS: Final = 3600
DAY_SECONDS: Final = 24 * HOUR_SECONDS
MIB: Final = 1024 * 1024
