"""Readers of other systems' data: each yields events of the public contract."""
