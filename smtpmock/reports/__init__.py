"""Text for people: explanations and transcripts, plain and as HTML."""
