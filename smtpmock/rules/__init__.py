"""Scripted behaviour: rules, and their text form."""
