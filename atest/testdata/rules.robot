*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Test Setup          Start The Server


*** Test Cases ***
Rule That Was Never Used
    ${rule} =    Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
    Send Mail    ${SERVER}    ann@example.com
    Rule Should Have Been Used    ${rule}

Rule That Was Not Used Often Enough
    ${rule} =    Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted
    Rule Should Have Been Used    ${rule}    times=2    message=Bob has to be greylisted twice.

Rules Of The Server
    Reject Recipient    bob@example.com
    Drop Connection On    message    subject=Invoice*
    Delay Command    *    1 ms
    Send Mail    ${SERVER}    ann@example.com
    All Rules Should Have Been Used

Standards
    Send Lines    ${SERVER}    HELO localhost    MAIL FROM: <shop@example.com>    RCPT TO:<bob@example.com>    DATA
    ...    Subject: Hi\r\n\r\nDear Bob,\nhello\r\n.    QUIT
    Call Method    ${SERVER.mock}    wait_for_session
    Messages Should Follow Standards    ignore=missing-from, missing-message-id

Standards Of One Message
    Send Mail    ${SERVER}    subject=Bill
    Call Method    ${SERVER.mock}    wait_for_session
    Messages Should Follow Standards    subject=Bill    message=The bill has to be in order.    level=should

TLS
    Send Mail    ${SERVER}
    ${mail} =    Get Message
    Message Should Be Sent Over TLS    ${mail}

User
    Send Mail    ${SERVER}
    ${mail} =    Get Message
    Message Should Be Authenticated As    ${mail}    shop

Another User
    ${server} =    Start SMTP Mock    auth=any
    Send Mail    ${server}    user=bob    password=secret
    ${mail} =    Get Message
    Message Should Be Authenticated As    ${mail}    shop    message=The shop sends its bills itself.


*** Keywords ***
Start The Server
    ${server} =    Start SMTP Mock
    VAR    ${SERVER}    ${server}    scope=TEST
