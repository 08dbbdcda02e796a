"""The store that several servers and readers share, in Redis."""
