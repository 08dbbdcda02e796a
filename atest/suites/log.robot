*** Settings ***
Documentation       What the library writes to log.html.
Library             Subject
Library             Collections
Library             OperatingSystem
Suite Setup         Run The Subject
Suite Teardown      Close Beacon


*** Variables ***
${ALLOWED}
...                 ${{{'style', 'p', 'b', 'table class', 'tr', 'th', 'td', 'td colspan', 'div class', 'span', 'span class', 'code', 'dl', 'dt', 'dd', 'figure', 'figcaption', 'pre', 'summary', 'details', 'details open', 'iframe sandbox loading srcdoc'}}}


*** Test Cases ***
A Failure Shows The Session
    ${html} =    Get The Html Message    Refused
    Should Contain    ${html}    <code>220 Welcome</code>
    Should Contain    ${html}    <code>RCPT TO:&lt;gone@example.com&gt;</code>
    Should Contain    ${html}    smtpmock-refused"><code>550 User not found</code>
    Should Contain    ${html}    because of msg_rcptto_not_registered_email

A Transcript Shows Times, Delays And The Message
    ${html} =    Get The Html Message    Delayed
    Should Contain    ${html}    <code>(the message)</code><details><summary>Hi,
    Should Contain    ${html}    <code>250 Received</code><span class="smtpmock-note">after 0.1 s</span>
    Should Match Regexp    ${html}    <span class="smtpmock-at">\\+0\\.1\\d\\d</span>

A Long Message Is Shortened
    ${html} =    Get The Html Message    Long
    Should Contain    ${html}    … and 11000 more characters</pre>

Nothing Is Logged Without A Failure
    ${messages} =    Get Html Messages    Without A Failure
    Should Be Empty    ${messages}

A Server Without Connections Says So
    ${html} =    Get The Html Message    Not Connected
    Should Match Regexp    ${html}    <p>127\\.0\\.0\\.1:\\d+: no client connected</p>

Passwords Are Not Shown
    ${messages} =    Get Log Messages    Login
    ${said} =    Catenate    SEPARATOR=\n    @{messages}
    Should Contain    ${said}    AUTH PLAIN
    ${lines} =    Evaluate    [line for line in $said.splitlines() if 'AGJv' in line]
    Should Be Empty    ${lines}

The Content Of A Message Is Escaped
    ${html} =    Get The Html Message    Hostile
    Should Contain X Times    ${html}    <dd>&lt;img src=x onerror=    4
    Should Contain    ${html}    <td>&lt;img src=x onerror=
    ${elements} =    Get Elements    ${html}
    Should Be Empty    ${{$elements - $ALLOWED}}

A Failure About A Message Shows The Session In Which It Was Sent
    ${html} =    Get The Html Message    Other Server
    Should Match Regexp    ${html}
    ...    (?s)<dd>To the first</dd>.*SMTP mock &#x27;1&#x27; .*<summary>To the first,.*SMTP mock &#x27;2&#x27; .*<summary>To the second,

A Transcript Expands All Sessions
    ${html} =    Get The Html Message    Several
    Should Contain X Times    ${html}    <details open><summary>Session    2

A Reply Names The Rule That Caused It
    ${html} =    Get The Html Message    Scripted
    VAR    ${greylisted}    because of the rule RCPT TO recipient=&#x27;bob@example.com&#x27; times=2
    Should Contain X Times
    ...    ${html}
    ...    <code>450 4.7.1 Greylisted</code><span class="smtpmock-note">after 0.05 s, ${greylisted}
    ...    2
    Should Contain    ${html}
    ...    <code>(closes the connection)</code><span class="smtpmock-note">after 0.15 s, because of the rule message subject=&#x27;Invoice*&#x27; then=&#x27;close&#x27;</span>

Violations Are Marked Below The Lines That Caused Them
    ${html} =    Get The Html Message    Wrong
    Should Match Regexp    ${html}
    ...    (?s)<code>HELO localhost</code>.{1,300}<span class="smtpmock-wrong">helo-not-qualified: [^<]*</span>.{1,200}<code>MAIL FROM: &lt;a@example.com&gt;</code>.{1,300}<span class="smtpmock-wrong">path-space: [^<]*</span>.{1,200}<code>RCPT TO
    Should Match Regexp    ${html}
    ...    <span class="smtpmock-wrong">bare-lf, [^<]*missing-date[^<]*</span>
    Should Contain    ${html}    <dt>violation</dt><dd>bare-lf: The line ends with a line feed alone
    Should Contain    ${html}    line 1: To: nobody at all</dd>

A Failure Shows The Conversation Of The Mail It Is About
    FOR    ${test}    ${own}    IN    Refused By Another Server    second    Sent To Two Servers    first
        ${html} =    Get The Html Message    ${test}
        ${expanded} =    Evaluate    ''.join(re.findall('<details open><summary>Session .*?(?=<summary>Session|$)', $html, re.DOTALL))
        ${names} =    Evaluate    re.findall('(?:HELO|ehlo) ([a-z]+)[.]example<', $expanded)
        Should Be Equal    ${names}    ${{[$own]}}
    END

Mails That Came In One Packet Stand Under Their Own Commands
    ${html} =    Get The Html Message    In One Packet
    Should Match Regexp    ${html}
    ...    (?s)<code>BDAT 26 LAST</code><details><summary>mail-one, .*<code>BDAT 26 LAST</code><details><summary>mail-two, .*<code>QUIT

A Failed Handshake Is Marked
    Skip If    importlib.util.find_spec('trustme') is None    trustme is missing.
    ${html} =    Get The Html Message    Handshake
    Should Contain    ${html}    <span class="smtpmock-wrong">The TLS handshake failed: 

A Browser Shows The Log Without Running Scripts Or Loading Anything
    Skip If    shutil.which('chromium') is None    Chromium is missing.
    ${page} =    Render    ${FOLDER}/log.html    s1-t4-k4    --window-size=1200,3000
    Should Contain    ${page}    class="smtpmock-says smtpmock-client"
    Should Contain    ${page}    <title>Log Log</title>
    Beacon Should Be Silent

The Beacon Receives Requests
    [Documentation]    Makes sure that the test above can fail.
    Skip If    shutil.which('chromium') is None    Chromium is missing.
    Create File    ${OUTPUT DIR}/control.html    <img src="http://127.0.0.1:${BEACON}/image.png">
    Render    ${OUTPUT DIR}/control.html
    Run Keyword And Expect Error    The beacon received requests: /image.png    Beacon Should Be Silent


*** Keywords ***
Run The Subject
    ${port} =    Open Beacon
    VAR    ${BEACON}    ${port}    scope=SUITE
    ${folder} =    Run Subject    log.robot    --variable    BEACON:${port}
    VAR    ${FOLDER}    ${folder}    scope=SUITE
    Number Of Tests Should Be    15

Get The Html Message
    [Arguments]    ${test}
    ${messages} =    Get Html Messages    ${test}
    Length Should Be    ${messages}    1
    RETURN    ${messages}[0]
