"""The API of Mailpit."""
