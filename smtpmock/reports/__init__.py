"""Explanations of failures and transcripts of sessions, as plain text and as HTML."""
