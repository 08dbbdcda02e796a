*** Settings ***
Documentation       Sessions, violations and rules in a browser.
Resource            inbox.resource
Suite Setup         Start Chromium
Suite Teardown      Run Keyword And Ignore Error    Close All Browsers
Test Tags           uninstrumented


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

Any Rule Can Be Made Of Its Words
    Open The Inbox
    Show View    rules    Rules
    Input Text    xpath://form[@aria-label='Any other rule']//label[text()='Recipient']/following-sibling::input    bob@*
    Input Text    xpath://form[@aria-label='Any other rule']//label[starts-with(., 'Further')]/following-sibling::input    every=2 then=close
    Click Button    css:form[aria-label="Any other rule"] button
    Wait Until Page Contains    The rule is added.
    Sending Should End With    ${SERVER}    sent
    Wait Until Page Contains    every=2
    Input Text    xpath://form[@aria-label='Any other rule']//label[starts-with(., 'Further')]/following-sibling::input    every
    Click Button    css:form[aria-label="Any other rule"] button
    Wait Until Element Contains    css:#other p.wrong    Invalid words 'every': expected name=value

The Focus Stays Where It Is While Lists Change
    Open The Inbox
    Connect Many    ${SERVER}    2
    Show View    sessions    Sessions
    Wait Until Page Contains Element    link:Session 1
    Press Tab Until    link:Session 1
    Connect Many    ${SERVER}    1
    Wait Until Page Contains Element    link:Session 3
    Element Should Be Focused    link:Session 1

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

All Sessions Can Be Paged
    Open The Inbox
    Connect Many    ${SERVER}    205
    Show View    sessions    Sessions
    Wait Until Page Contains    205 sessions
    Page Should Contain Link    Session 205
    Page Should Contain Link    Session 106
    Page Should Not Contain Link    Session 105
    Click Button    Older
    Wait Until Page Contains Element    link:Session 105
    Click Button    Older
    Wait Until Page Contains Element    link:Session 1
    Element Should Be Disabled    xpath://button[.='Older']
    Click Button    Newer
    Wait Until Page Contains Element    link:Session 105
    Click Button    Newer
    Wait Until Page Contains    Session 205
    Connect Many    ${SERVER}    1
    Wait Until Page Contains    Session 206

A Session Without A Transaction Is Copied As A Test
    Open The Inbox
    Send Lines    ${SERVER}    EHLO o'hara.example    RCPT TO:<bob@example.com>    QUIT
    Show View    sessions    Sessions
    Wait Until Page Contains Element    link:Session 1
    Click Link    Session 1
    Wait Until Page Contains    The session has ended.
    Every Copied Test Should Pass
    Click Button    Copy as test
    Wait Until Page Contains    The server refused this: 503
    Axe Should Find Nothing

Forms Work With Keys Alone
    Open The Inbox
    Press Tab Until    css:nav [data-view="rules"]
    Type    ENTER
    Wait Until Element Contains    css:#other h2    Rules
    Wait Until Page Contains    There are no rules
    Press Tab Until    css:form[aria-label="Greylist"] input
    Type    CTRL+a    bob@*    ENTER
    Wait Until Page Contains    The rule is added.
    Wait Until Page Contains    bob@*
    Press Tab Until    css:form[aria-label="Clock"] input
    Type    CTRL+a    60    ENTER
    Wait Until Page Contains    The clock is 60 seconds ahead.
    Press Tab Until    xpath://button[.='Refuse connections']
    Type    SPACE
    Wait Until Page Contains    SMTP connections are refused now.
    Wait Until Page Contains Element    xpath://button[.='Accept connections again']
    Element Should Be Focused    xpath://button[.='Accept connections again']
    Type    SPACE
    Wait Until Page Contains    SMTP connections are accepted again.
    Press Tab Until    xpath://button[.='Remove']
    Type    ENTER
    Wait Until Page Contains    There are no rules
    Element Should Be Focused    css:#other h2

Violations Have Their Section
    Open The Inbox
    Send Mail    ${SERVER}    subject=Hi
    Show View    violations    Violations
    Wait Until Page Contains    missing-message-id
    Page Should Contain    RFC 5322 3.6.4
    Check The View    violations

Violations Appear By Themselves
    Open The Inbox
    Show View    violations    Violations
    Wait Until Page Contains    The clients have violated no standard.
    Send Mail    ${SERVER}    subject=Later
    Wait Until Element Contains    css:violation-list h3    Later
    Send Lines    ${SERVER}    EHLO under_score    QUIT
    Wait Until Page Contains    Session 2
    ${purged} =    Purge Messages
    Wait Until Page Does Not Contain    Later

A Profile Is Chosen, Used And Ended
    Open The Inbox
    Show View    rules    Rules
    Wait Until Element Contains    css:form[aria-label="Profile"]    the SMTP interface of Amazon SES
    Select From List By Label    css:form[aria-label="Profile"] select    full-mailbox
    Element Should Contain    css:form[aria-label="Profile"]    a mailbox over its quota at Gmail
    Page Should Contain Link    support.google.com
    Element Should Contain    css:form[aria-label="Profile"]    RCPT TO reply="452 4.2.2 The recipient's mailbox is over its quota"
    Click Button    Use this profile
    Wait Until Page Contains    The profile full-mailbox is in use
    Wait Until Element Contains    css:rule-list ul.rows    profile full-mailbox
    Check The View    profile
    ${end} =    Get End Of Sending    ${SERVER}
    Should Match    ${end}    452 4.2.2 *
    Wait Until Page Contains    1 hit
    Click Button    End its use
    Wait Until Page Contains    The profile full-mailbox is no longer in use.
    Wait Until Page Contains    There are no rules
    Sending Should End With    ${SERVER}    sent

A Profile Is Chosen With Keys Alone
    Open The Inbox    profile=slow-relay
    Show View    rules    Rules
    Wait Until Page Contains    The server was started with the profile slow-relay.
    Press Tab Until    css:form[aria-label="Profile"] select
    Type    c
    Element Should Contain    css:form[aria-label="Profile"]    session_timeout=10
    Press Tab Until    xpath://button[.='Use this profile']
    Type    ENTER
    Wait Until Page Contains    In use: closes-idle
    Press Tab Until    xpath://button[.='End its use']
    Type    SPACE
    Wait Until Page Contains    The profile closes-idle is no longer in use.
    Wait Until Page Does Not Contain    In use:
    Element Should Be Focused    css:form[aria-label="Profile"] select
    Wait Until Page Contains    The server was started with the profile slow-relay.
