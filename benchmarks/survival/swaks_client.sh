#!/bin/sh
exec swaks --server "$SMTP_HOST" --port "$SMTP_PORT" --timeout 3 --auth PLAIN --auth-user shop --auth-password secret \
    --from shop@example.com --to a@example.com,b@example.com,c@example.com --header "Subject: Welcome" --body Hello \
    ${SMTP_CAFILE:+--tls --tls-verify --tls-ca-path "$SMTP_CAFILE"} >&2
