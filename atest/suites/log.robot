*** Settings ***
Documentation       What log.html shows.
Library             Subject
Library             Collections
Library             OperatingSystem
Suite Setup         Run The Subject
Suite Teardown      Close Beacon


*** Variables ***
${ALLOWED}
...                 ${{{'style', 'div class', 'span', 'span class', 'code', 'dl', 'dt', 'dd', 'figure', 'figcaption', 'pre', 'summary', 'details', 'details open', 'iframe sandbox loading srcdoc'}}}


*** Test Cases ***
A Failure Shows The Conversation
    ${picture} =    Get The Picture    Refused
    Should Contain    ${picture}    <code>220 Welcome</code>
    Should Contain    ${picture}    <code>RCPT TO:&lt;gone@example.com&gt;</code>
    Should Contain    ${picture}    smtpmock-refused"><code>550 User not found</code>
    Should Contain    ${picture}    because of msg_rcptto_not_registered_email

A Transcript Shows Times, Delays And The Mail
    ${picture} =    Get The Picture    Delayed
    Should Contain    ${picture}    <code>(the message)</code><details><summary>Hi,
    Should Contain    ${picture}    <code>250 Received</code><span class="smtpmock-note">after 0.1 s</span>
    Should Match Regexp    ${picture}    <span class="smtpmock-at">\\+0\\.1\\d\\d</span>

A Long Mail Is Cut
    ${picture} =    Get The Picture    Long
    Should Contain    ${picture}    … and 11000 more characters</pre>

What Nobody Has Asked For Is Not Shown
    ${pictures} =    Get Pictures    Without A Failure
    Should Be Empty    ${pictures}

A Server That Nobody Has Called Says So
    ${picture} =    Get The Picture    Not Connected
    Should Contain    ${picture}    No client has connected to 127.0.0.1:

Passwords Are Not Shown
    ${messages} =    Get Log Messages    Login
    ${said} =    Catenate    SEPARATOR=\n    @{messages}
    Should Contain    ${said}    AUTH PLAIN
    ${lines} =    Evaluate    [line for line in $said.splitlines() if 'AGJv' in line]
    Should Be Empty    ${lines}

What Comes From A Mail Is Escaped
    ${pictures} =    Get Pictures    Hostile
    Length Should Be    ${pictures}    2
    FOR    ${picture}    IN    @{pictures}
        Should Contain    ${picture}    &lt;img src=x onerror=
        ${elements} =    Get Elements    ${picture}
        Should Be Empty    ${{$elements - $ALLOWED}}
    END

A Reply Names The Rule That Made It
    ${picture} =    Get The Picture    Scripted
    VAR    ${greylisted}    because of the rule RCPT TO recipient=&#x27;bob@example.com&#x27; times=2
    Should Contain X Times
    ...    ${picture}
    ...    <code>450 4.7.1 Greylisted</code><span class="smtpmock-note">after 0.05 s, ${greylisted}
    ...    2
    Should Contain    ${picture}
    ...    <code>(closes the connection)</code><span class="smtpmock-note">after 0.15 s, because of the rule message subject=&#x27;Invoice*&#x27; then=&#x27;close&#x27;</span>

Violations Are Marked Where They Belong
    ${picture} =    Get The Picture    Wrong
    Should Match Regexp    ${picture}
    ...    (?s)<code>HELO localhost</code>.{1,300}<span class="smtpmock-wrong">helo-not-qualified: [^<]*</span>.{1,200}<code>MAIL FROM: &lt;a@example.com&gt;</code>.{1,300}<span class="smtpmock-wrong">path-space: [^<]*</span>.{1,200}<code>RCPT TO
    Should Match Regexp    ${picture}
    ...    <span class="smtpmock-wrong">bare-lf, [^<]*missing-date[^<]*</span>
    Should Contain    ${picture}    <dt>violation</dt><dd>bare-lf: The line ends with a line feed alone
    Should Contain    ${picture}    line 1: To: nobody at all</dd>

A Failed Handshake Is Marked
    Skip If    importlib.util.find_spec('trustme') is None    trustme is missing.
    ${picture} =    Get The Picture    Handshake
    Should Contain    ${picture}    <span class="smtpmock-wrong">The TLS handshake failed: 

A Browser Shows It And Runs Nothing
    Skip If    shutil.which('chromium') is None    Chromium is missing.
    ${page} =    Render    ${FOLDER}/log.html    s1-t4-k4    --window-size=1200,3000
    Should Contain    ${page}    class="smtpmock-says smtpmock-client"
    Should Contain    ${page}    <title>Log Log</title>
    Beacon Should Be Silent

The Beacon Would Have Been Heard
    [Documentation]    The test above can fail.
    Skip If    shutil.which('chromium') is None    Chromium is missing.
    Create File    ${OUTPUT DIR}/control.html    <img src="http://127.0.0.1:${BEACON}/image.png">
    Render    ${OUTPUT DIR}/control.html
    Run Keyword And Expect Error    The beacon was asked for: /image.png    Beacon Should Be Silent


*** Keywords ***
Run The Subject
    ${port} =    Open Beacon
    VAR    ${BEACON}    ${port}    scope=SUITE
    ${folder} =    Run Subject    log.robot    --variable    BEACON:${port}
    VAR    ${FOLDER}    ${folder}    scope=SUITE
    Number Of Tests Should Be    10

Get The Picture
    [Arguments]    ${test}
    ${pictures} =    Get Pictures    ${test}
    Length Should Be    ${pictures}    1
    RETURN    ${pictures}[0]
