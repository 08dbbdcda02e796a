"""The settings: each declared once, with the kind of its value."""
