"""The settings: each declared once, with the type of its values."""
