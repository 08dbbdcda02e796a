"""The native API: everything that a test can do in Python, as JSON."""
