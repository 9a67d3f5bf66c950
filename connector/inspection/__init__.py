"""Looks into documents that arrived, in processes of their own that may crash, hang or run out of memory."""
