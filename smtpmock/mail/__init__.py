"""Reading what a message says: MIME, headers, texts, attachments, links, codes."""
