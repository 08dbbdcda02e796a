"""Finding what the client did wrong: the catalogue, the conversation, the message and its parts."""
