*** Settings ***
Documentation       The same checks for an application that works, and for one that is broken in many ways.
Library             SMTPMockLibrary
Library             Application
Test Setup          Start The Servers


*** Test Cases ***
No Mail
    Sign Up    ${SHOP}    fault=no mail
    Wait For Message    recipient=bob@example.com    timeout=50 ms

Wrong Recipient
    Sign Up    ${SHOP}    fault=wrong recipient
    Wait For Message    recipient=bob@example.com    timeout=50 ms

Mail Sent Twice
    Sign Up    ${SHOP}    fault=sent twice
    Wait For Message    recipient=bob@example.com

Mail Sent Twice, Counted
    Sign Up    ${SHOP}    fault=sent twice
    Message Count Should Be    1    recipient=bob@example.com

Mail That Comes Too Late
    Sign Up    ${SHOP}    fault=too late
    Wait For Message    recipient=bob@example.com    timeout=50 ms
    [Teardown]    Complete

Subject In The Wrong Encoding
    Sign Up    ${SHOP}    fault=subject in the wrong encoding
    ${mail} =    Get Message    recipient=bob@example.com    subject=Schöne Grüße*

Subject In The Wrong Encoding, Compared By BuiltIn
    Sign Up    ${SHOP}    fault=subject in the wrong encoding
    ${mail} =    Get Message    recipient=bob@example.com
    Should Be Equal    Schöne Grüße vom Laden    ${mail.subject}

HTML Part Only
    Sign Up    ${SHOP}    fault=HTML part only
    ${mail} =    Get Message    recipient=bob@example.com
    Message Should Contain    ${mail}    Confirm your address    part=both

Link To The Wrong Host
    Sign Up    ${SHOP}    fault=link to the wrong host
    ${mail} =    Get Message    recipient=bob@example.com
    ${link} =    Get Link From Message    ${mail}    https://shop.example.com/confirm/*

Link To The Wrong Host, Compared By BuiltIn
    Sign Up    ${SHOP}    fault=link to the wrong host
    ${mail} =    Get Message    recipient=bob@example.com
    Should Contain    ${mail.text}    https://shop.example.com/confirm/

Placeholder In The Text
    Sign Up    ${SHOP}    fault=placeholder
    ${mail} =    Get Message    recipient=bob@example.com
    Message Should Not Contain    ${mail}    {{

Empty Attachment
    Order    ${SHOP}    fault=empty PDF
    ${mail} =    Get Message    recipient=bob@example.com
    Message Should Have Attachment    ${mail}    invoice-*.pdf    min_size=1

Refusal That The Application Swallows
    Reject Recipient    bob@example.com    550 5.1.1 No such user here; ask your administrator for an account first
    Sign Up    ${SHOP}
    Wait For Message    recipient=bob@example.com    timeout=50 ms

One Of Fifty Recipients Left Out
    ${readers} =    Evaluate    [f'reader{number}@example.com' for number in range(50)]
    Send Newsletter    ${SHOP}    ${readers}    fault=one reader left out
    Messages Should Have Recipients    ${readers}    subject=News*

One Of Fifty Recipients Left Out, Awaited
    ${readers} =    Evaluate    [f'reader{number}@example.com' for number in range(50)]
    Send Newsletter    ${SHOP}    ${readers}    fault=one reader left out
    Wait For Messages    50    subject=News*    timeout=50 ms

Bcc In The Headers
    Order    ${SHOP}    fault=Bcc in the headers
    ${mail} =    Get Message    recipient=archive@example.com
    Recipient Should Be Hidden    ${mail}    archive@example.com

Mail To The Other Server
    Sign Up    ${NEWS}
    Wait For Message    recipient=bob@example.com    timeout=50 ms

The Working Application
    Sign Up    ${SHOP}
    ${mail} =    Wait For Message    recipient=bob@example.com    subject=Schöne Grüße*
    Message Should Contain    ${mail}    Confirm your address    part=both
    Message Should Not Contain    ${mail}    {{
    Get Link From Message    ${mail}    https://shop.example.com/confirm/*
    ${mark} =    Get Mark
    Order    ${SHOP}
    ${mail} =    Get Message    recipient=archive@example.com    since=${mark}
    Recipient Should Be Hidden    ${mail}    archive@example.com
    Message Should Have Attachment    ${mail}    invoice-*.pdf    min_size=1
    ${readers} =    Evaluate    [f'reader{number}@example.com' for number in range(50)]
    Send Newsletter    ${SHOP}    ${readers}
    Messages Should Have Recipients    ${readers}    subject=News*


*** Keywords ***
Start The Servers
    ${news} =    Start SMTP Mock    newsletter
    ${shop} =    Start SMTP Mock    shop
    VAR    ${NEWS}    ${news}    scope=TEST
    VAR    ${SHOP}    ${shop}    scope=TEST
