"""The log: streams, the archive that outlives them, and both read as one."""
