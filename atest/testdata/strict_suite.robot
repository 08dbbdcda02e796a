*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Suite Setup         Start The Server


*** Test Cases ***
A Rule Of The Suite Can Wait
    Send Mail    ${SERVER}    ann@example.com

A Rule Of The Test Cannot
    Reject Recipient    cat@example.com

The Next Test Is Not To Blame
    Send Mail    ${SERVER}    ann@example.com

A Rule Of The Suite Is Used
    Sending Should End With    ${SERVER}    550 5.1.1 User unknown


*** Keywords ***
Start The Server
    ${server} =    Start SMTP Mock    suite    strict=True
    VAR    ${SERVER}    ${server}    scope=SUITE
    Reject Recipient    bob@example.com
    Reject Recipient    dan@example.com
