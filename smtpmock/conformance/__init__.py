"""The conformance checks: their catalogue, and what they find in the conversation, the message and its parts."""
