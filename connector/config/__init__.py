"""The configuration: one TOML file, read once, refused as a whole with every fault named."""

from connector.config.load import Fault, LoadedFile, fault_error, load

__all__ = ["Fault", "LoadedFile", "fault_error", "load"]
