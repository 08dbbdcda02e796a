"""The mock over HTTP: its own API, that of Mailpit, and the inbox page (extra ``smtpmock[http]``)."""
