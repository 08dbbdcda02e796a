"""The tests of smtpmock."""
