*** Settings ***
Documentation       Sessions, violations and rules in a browser.
Resource            inbox.resource
Suite Setup         Start Chromium
Suite Teardown      Run Keyword And Ignore Error    Close All Browsers


*** Test Cases ***
A Rule Made In The Page Greylists A Client
    Open The Inbox
    Show View    rules    Rules
    Input Text    xpath://form[@aria-label='Greylist']//label[text()='Recipient']/following-sibling::input    bob@*
    Click Button    css:form[aria-label="Greylist"] button
    Wait Until Page Contains    The rule is added.
    ${end} =    Get End Of Sending    ${SERVER}    bob@example.com
    Should Match    ${end}    450 *
    Wait Until Page Contains    1 hit
    Check The View    rules
    Click Button    Advance the clock
    Wait Until Page Contains    The clock is 300 seconds ahead.
    Sending Should End With    ${SERVER}    sent    bob@example.com
    Click Button    Remove
    Wait Until Page Contains    There are no rules

A Mistake In A Rule Is Explained
    Open The Inbox
    Show View    rules    Rules
    Input Text    xpath://form[@aria-label='Reject a recipient']//label[text()='Reply']/following-sibling::input    nonsense
    Click Button    css:form[aria-label="Reject a recipient"] button
    Wait Until Element Contains    css:#other p.wrong    nonsense

The Server Goes Offline And Returns
    Open The Inbox
    Show View    rules    Rules
    Click Button    Refuse connections
    Wait Until Page Contains    SMTP connections are refused now.
    ${end} =    Get End Of Sending    ${SERVER}
    Should Not Be Equal    ${end}    sent
    Click Button    Accept connections again
    Wait Until Page Contains    SMTP connections are accepted again.
    Sending Should End With    ${SERVER}    sent

The Conversation Of A Refused Mail Names The Rule
    Open The Inbox
    Reject Recipient    *@gone.example
    ${end} =    Get End Of Sending    ${SERVER}    bob@gone.example
    Should Match    ${end}    550 *
    Show View    sessions    Sessions
    Wait Until Page Contains    because of the rule RCPT TO recipient='*@gone.example'
    Check The View    sessions
    Click Link    Session 1
    Wait Until Element Contains    css:.refused    because of the rule RCPT TO recipient='*@gone.example'
    Check The View    session

Violations Have Their Section
    Open The Inbox
    Send Mail    ${SERVER}    subject=Hi
    Show View    violations    Violations
    Wait Until Page Contains    missing-message-id
    Page Should Contain    RFC 5322 3.6.4
    Check The View    violations
