#!/bin/sh
exec msmtp --host="$SMTP_HOST" --port="$SMTP_PORT" --timeout=3 --from=shop@example.com \
    --auth=plain --user=shop --passwordeval="echo secret" \
    --tls=$([ "$SMTP_CAFILE" ] && echo on || echo off) ${SMTP_CAFILE:+--tls-trust-file="$SMTP_CAFILE"} \
    a@example.com b@example.com c@example.com < "$(dirname "$0")/mail.txt"
