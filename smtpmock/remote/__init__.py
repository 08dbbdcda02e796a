"""The mailbox of a server elsewhere, over HTTP: in another process or on another machine."""
