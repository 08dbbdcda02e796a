"""What a message says: its header, texts, attachments, links and codes."""
