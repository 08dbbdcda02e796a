"""Queries for messages and sessions."""
