"""`smtpmock serve --workers`: one port served by several processes, which share a store."""
