"""The content of a message: its header, texts, attachments, links and codes."""
