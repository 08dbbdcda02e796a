"""The API of Mailpit: its clients work with smtpmock unchanged."""
