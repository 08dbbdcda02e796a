"""Stores for records: the interface, and its implementations."""
