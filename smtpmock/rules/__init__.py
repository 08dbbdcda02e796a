"""Scripted behaviour: rules, and how they are written as text."""
