"""Base64url as the wire writes hashes (PROTOCOL section 2); the codec stands in `core`, where `crypto` needs it too."""

from connector.core.b64 import decode, encode, encode_each

__all__ = ["decode", "encode", "encode_each"]
