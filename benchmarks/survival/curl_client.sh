#!/bin/sh
exec curl -sS --max-time 3 --url "smtp://$SMTP_HOST:$SMTP_PORT" --user shop:secret --mail-from shop@example.com \
    --mail-rcpt a@example.com --mail-rcpt b@example.com --mail-rcpt c@example.com \
    --upload-file "$(dirname "$0")/mail.txt" ${SMTP_CAFILE:+--ssl-reqd --cacert "$SMTP_CAFILE"}
