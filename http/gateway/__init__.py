"""The aiohttp application in front of the projections."""
