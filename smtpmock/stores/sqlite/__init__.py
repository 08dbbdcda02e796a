"""The store that keeps records and sessions in a file of SQLite, which survives the process."""
