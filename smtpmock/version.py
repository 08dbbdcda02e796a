"""The version of smtpmock."""

__version__ = "3.0.0"
