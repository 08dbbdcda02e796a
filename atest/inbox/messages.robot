*** Settings ***
Documentation       Reading mail in a browser.
Resource            inbox.resource
Library             Collections
Suite Setup         Start Chromium
Suite Teardown      Run Keyword And Ignore Error    Close All Browsers
Test Tags           uninstrumented
Test Teardown       Stop Tracker


*** Test Cases ***
Mail Arrives While The Page Is Open
    Open The Inbox
    Wait Until Page Contains    There is no mail yet
    Send Mail    ${SERVER}    subject=Welcome
    Wait Until Page Contains    Welcome
    Messages Should Be    1 message, 1 unread
    Wait Until Keyword Succeeds    10 s    50 ms    Title Should Be    (1) smtpmock
    Page Should Contain Element    css:link[rel=icon][href="/assets/icon-unread.svg"]
    Open Message    Welcome
    Messages Should Be    1 message, 0 unread
    Page Should Contain Element    css:link[rel=icon][href="/assets/icon.svg"]

What Was Found Is Marked As Read
    Open The Inbox
    Send Mail    ${SERVER}    bob@example.com    subject=For Bob
    Send Mail    ${SERVER}    ann@example.org    subject=For Ann
    Messages Should Be    2 messages, 2 unread
    Search For    for bob
    Messages Should Be    1 match, 1 unread
    Click Button    Mark all read
    Messages Should Be    1 match, 0 unread
    Element Should Be Disabled    xpath://button[.='Mark all read']
    Clear Element Text    id:search
    Type    /    x    BACKSPACE
    Messages Should Be    2 messages, 1 unread

A Message Is Found By Its Tags
    Open The Inbox
    Send Mail    ${SERVER}    subject=First
    Send Mail    ${SERVER}    subject=Second
    Open Message    First
    Click Button    Tags
    Check The View    tags
    Type    urgent,${SPACE}shop    ENTER
    Wait Until Element Contains    css:message-view .tags    urgent
    Type    u    /
    Type    tag:shop
    Messages Should Be    1 match,
    Wait Until Element Contains    css:[role=option]    shop

The Search Explains Itself
    Open The Inbox
    Click Button    css:.find button
    Wait Until Element Contains    css:dialog    has:attachment
    Check The View    search-help
    Type    ESCAPE
    Element Should Be Focused    css:.find button

A Search Takes Criteria And The Words Of Mailpit
    Open The Inbox
    Send Mail    ${SERVER}    bob@example.com    subject=For Bob
    Send Mail    ${SERVER}    ann@example.org    subject=For Ann
    Messages Should Be    2 messages
    Search For    recipient=*@example.org
    Messages Should Be    1 match,
    Wait Until Page Does Not Contain    For Bob
    Search For    subject:bob
    Wait Until Page Contains    For Bob
    Wait Until Page Does Not Contain    For Ann
    Send Mail    ${SERVER}    bob@example.com    subject=Again for Bob
    Messages Should Be    2 matches,
    Search For    subjekt=x
    Wait Until Element Contains    css:.wrong[role=alert]    subject

A Hostile Mail Runs Nothing And Loads Nothing Until It Is Asked To
    Open The Inbox
    ${tracker} =    Start Tracker
    ${owned} =    Set Variable    top.document.title='owned'
    Send Mail    ${SERVER}    subject=<img src=x onerror=${owned}>    text=</pre><script>${owned}</script>
    ...    html=<link rel=stylesheet href=${tracker}/style><script>${owned}</script><img src=${tracker}/image onerror=${owned}><p style="background:url(${tracker}/background)">Hello</p><iframe src=${tracker}/frame></iframe>
    Open Message    <img src=x
    Wait Until Page Contains Element    css:iframe
    Select Frame    css:iframe
    Wait Until Page Contains    Hello
    Unselect Frame
    FOR    ${part}    IN    text    source    headers    raw    html
        Open Part    ${part}
    END
    Select Frame    css:iframe
    Wait Until Page Contains    Hello
    Unselect Frame
    ${requests} =    Get Tracked Requests
    Should Be Empty    ${requests}
    Click Button    Load remote content
    Wait Until Keyword Succeeds    10 s    50 ms    Tracker Should Have Been Asked For    /image
    Title Should Be    smtpmock

The Envelope Stands Beside The Header
    Open The Inbox
    Send Mail    ${SERVER}    subject=Hi    bcc=hidden@example.com    text=Your code is 493021: https://shop.example/7
    Open Message    Hi
    Element Should Contain    css:.addresses    hidden@example.com Bcc
    Open Part    links
    Wait Until Page Contains    493021
    Page Should Contain Link    https://shop.example/7

The HTML Is Shown At The Width Of A Phone And Of A Tablet
    Open The Inbox
    Send Mail    ${SERVER}    subject=Wide    html=<p>Hello</p>
    Open Message    Wide
    FOR    ${name}    ${width}    IN    Phone    375    Tablet    768
        Click Button    ${name}
        ${size} =    Get Element Size    css:iframe
        Should Be Equal As Integers    ${size}[0]    ${width}
    END

Times Are In The Zone Of The Browser
    Set Time Zone    Asia/Tokyo
    Open The Inbox
    ${date} =    Set Variable    Sat, 21 Nov 2026 23:30:00 +0000
    Deliver    ${SERVER}    Subject: Late\r\nDate: ${date}\r\n\r\nhi
    Open Message    Late
    Element Should Contain    css:.addresses    Nov 22, 2026, 8:30:00
    [Teardown]    Set Time Zone    UTC

The Settings For A Framework Are Copied
    Open The Inbox
    Allow The Clipboard    ${URL}
    Wait Until Page Contains    There is no mail yet
    Click Button    css:[aria-label="Copy the settings for Django"]
    Wait Until Page Contains    Copied
    ${copied} =    Get Clipboard
    Should Contain    ${copied}    EMAIL_PORT = ${SERVER.port}

The Newest Message Has An Address
    Open The Inbox
    Send Mail    ${SERVER}    subject=First
    Send Mail    ${SERVER}    subject=Second
    Go To    ${URL}/view/latest
    Wait Until Element Contains    css:message-view h2    Second

Everything Works With Keys Alone
    Open The Inbox
    Send Mail    ${SERVER}    subject=First
    Send Mail    ${SERVER}    subject=Second
    Messages Should Be    2 messages, 2 unread
    Type    j    j    ENTER
    Wait Until Element Contains    css:message-view h2    First
    Type    k
    Wait Until Element Contains    css:message-view h2    Second
    Messages Should Be    2 messages, 0 unread
    Type    SHIFT+u
    Messages Should Be    2 messages, 1 unread
    Type    ENTER
    Wait Until Element Is Visible    css:message-view h2
    Type    u
    Wait Until Element Is Not Visible    css:message-view
    Type    \#
    Messages Should Be    1 message,
    Wait Until Element Does Not Contain    css:message-list    Second
    Type    /
    Element Should Be Focused    id:search

Ten Thousand Messages Scroll
    Open The Inbox
    Deliver Many    ${SERVER}    10000
    Reload Page
    Messages Should Be    10,000 messages
    Wait Until Page Contains    Message 10000
    Set Focus To Element    css:message-list
    Type    END
    Wait Until Page Contains Element    xpath://*[@role='option'][contains(., 'Message 1') and @aria-posinset='10000']
    ${rows} =    Get Element Count    css:[role=option]
    Should Be True    ${rows} < 60
    Send Mail    ${SERVER}    subject=One more
    Messages Should Be    10,001 messages
    Type    HOME
    Wait Until Page Contains    One more
    Count Notices
    Deliver Many    ${SERVER}    3000
    Messages Should Be    13,001 messages
    Wait Until Page Contains    Message 3000
    Deliver Many    ${SERVER}    1
    Messages Should Be    13,002 messages
    Notices Should Have Been Few

What Is Read In The List Stays Where It Is
    Open The Inbox    max_messages=1000
    Deliver Many    ${SERVER}    900
    Messages Should Be    900 messages
    Execute Javascript    document.querySelector("message-list").scrollTop = 20007
    Wait Until Page Contains    Message 370
    Watch The Row    Message 370
    Deliver Many    ${SERVER}    400
    Messages Should Be    1,000 messages
    Wait Until Keyword Succeeds    20 s    100 ms    Row Should Have Position    370    931
    The Row Should Have Stayed
    Evaluate    $SERVER.mock.purge(subject="Message 39*")
    Messages Should Be    979 messages
    Wait Until Keyword Succeeds    20 s    100 ms    Row Should Have Position    370    910
    The Row Should Have Stayed

A Server That Returns Is Found Again
    Open The Inbox
    Send Mail    ${SERVER}    subject=Before
    Wait Until Page Contains    Before
    ${port} =    Set Variable    ${{int($URL.rpartition(':')[2])}}
    Stop SMTP Mock
    Wait Until Element Contains    id:state    Not connected
    ${server} =    Start SMTP Mock    http_port=${port}
    Wait Until Element Contains    id:state    Live
    Send Mail    ${server}    subject=After
    Wait Until Page Contains    After
    Wait Until Page Does Not Contain    Before

Two Pages Show The Same
    Open The Inbox
    Send Mail    ${SERVER}    subject=Shared
    Execute Javascript    window.open(location.href)
    Switch Window    NEW
    Open Message    Shared
    Click Button    Delete
    Wait Until Page Contains    There is no mail yet
    Close Window
    Switch Window    MAIN
    Wait Until Page Contains    There is no mail yet

Ugly Mail Is Shown Without Harm To The Page
    Open The Inbox
    Send Mail    ${SERVER}    subject=${EMPTY}
    Send Mail    ${SERVER}    subject=${{'x' * 300}}    text=${{'y' * 5000}}
    Send Mail    ${SERVER}    subject=مرحبا بالعالم 🎉    html=<p dir=rtl>مرحبا بالعالم</p>
    Send Mail    ${SERVER}    subject=Many    bcc=${{','.join(f'user{n}@example.com' for n in range(200))}}
    Send Mail    ${SERVER}    subject=Newsletter    html=${{'<p>Lorem ipsum <a href="https://shop.example/">dolor</a></p>' * 35000 + '<p>The last line of the newsletter</p>'}}
    Send Mail With Files    ${SERVER}    Forty files    40
    Messages Should Be    6 messages
    Check The View    ugly
    Open Message    Many
    Check The View    many-recipients
    Element Should Contain    css:.addresses    and 191 more
    Type    j
    Wait Until Element Contains    css:message-view h2    مرحبا
    Check The View    right-to-left
    Type    j
    Wait Until Element Contains    css:message-view h2    xxx
    Check The View    no-blank
    Open Message    Newsletter
    Select Frame    css:iframe
    Wait Until Page Contains    The last line of the newsletter
    Unselect Frame
    Look    newsletter    360    740
    Look    newsletter
    Open Message    Forty files
    Open Part    attachments
    ${files} =    Get Element Count    css:.attachments li
    Should Be Equal As Integers    ${files}    40
    Check The View    forty-files

A Message Is Copied As A Test
    [Documentation]    The tests are run as they are, with a subject and a recipient that could break out of them.
    Open The Inbox
    Send Mail    ${SERVER}    o'hara@example.com    subject=\${x} "y" 'z' \\n \#1 \ \ 🎉 a=b é
    ...    text=Open https://shop.example/?a=1&b=$x
    Open Message    a=b
    Every Copied Test Should Pass
    Reject Recipient    *@gone.example
    ${end} =    Get End Of Sending    ${SERVER}    bob@gone.example
    Should Match    ${end}    550 *
    Click Button    Back
    Select From List By Label    id:outcome    Failed
    Wait Until Element Contains    css:message-list    RCPT TO refused
    Click Element    css:[role=option]
    Wait Until Element Contains    css:.addresses    refused
    Every Copied Test Should Pass

A Message Is Accessible In Each Part
    Open The Inbox
    Check The View    empty
    Send The Welcome Mail    ${SERVER}
    Open Message    Welcome
    FOR    ${part}    IN    text    headers    raw    attachments    links    conversation    violations
        Open Part    ${part}
        Wait Until Page Does Not Contain    Loading…
        Check The View    message-${part}
    END
    Click Button    Copy as test
    Wait Until Page Contains    Wait For Message
    Axe Should Find Nothing


*** Keywords ***
Row Should Have Position
    [Arguments]    ${number}    ${position}
    Page Should Contain Element    css:#row-${number}\[aria-posinset="${position}"]

Tracker Should Have Been Asked For
    [Arguments]    ${path}
    ${requests} =    Get Tracked Requests
    List Should Contain Value    ${requests}    GET ${path} HTTP/1.1
