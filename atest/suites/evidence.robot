*** Settings ***
Documentation       What log.html shows of the mail of each test, whichever keyword failed.
Library             Subject
Library             OperatingSystem
Suite Setup         Run The Subject


*** Variables ***
@{TEARDOWN}         Parent suite teardown failed:    The suite teardown failed


*** Test Cases ***
Any Failed Test Shows Its Mail Once At The Keyword That Failed It
    FOR    ${test}    ${keyword}    IN
    ...    BuiltIn Failure    Should Contain
    ...    Failure In A User Keyword    Send And Fail
    ...    Failure In Control Structures    FOR
    ...    Failure That TRY Does Not Catch    TRY/EXCEPT ROOT
    ...    Template    Fail With Mail
    ...    Failure After Much Polling    Wait Until Keyword Succeeds
    ...    Failure In The Test Setup    Send And Fail
    ...    Failure In The Test Teardown    Run Keywords
    ...    Failure In Test And Teardown    Send And Fail
        ${places} =    Get Places Of Pictures    ${test}
        Should Be Equal    ${places}    ${{[$keyword]}}    ${test}
    END

A Server That The Teardown Has Stopped Is Shown
    [Tags]    local
    ${places} =    Get Places Of Pictures    Server Stopped By The Teardown
    Should Be Equal    ${places}    ${{['Run Keywords']}}

The Picture Shows What Happened Since The Beginning Of The Test
    ${picture} =    Get Picture    BuiltIn Failure
    Should Contain    ${picture}    <td>bob@example.com</td><td>Mine</td><td>accepted</td>
    Should Contain    ${picture}    <code>(the message)</code><details><summary>Mine,
    Should Not Contain    ${picture}    Before the tests

Every Row Of A Template Shows Only Up To The First Failure
    ${picture} =    Get Picture    Template
    Should Contain    ${picture}    <td>first</td>
    Should Not Contain    ${picture}    <td>second</td>

Failures That Are Caught Show Nothing
    Test Should Have Failed    Failures That Are Caught    @{TEARDOWN}
    ${pictures} =    Get Html Messages    Failures That Are Caught
    Should Be Empty    ${pictures}

A Failure That Has Nothing To Do With Mail Shows Nothing
    ${pictures} =    Get Html Messages    Failure Of A Test That Did Not Use The Server
    Should Be Empty    ${pictures}
    Test Should Have Failed    Failure Of A Test That Did Not Use The Server
    ...    Something else    ${EMPTY}    Also parent suite teardown failed:    The suite teardown failed

Polling Does Not Bloat The Output
    [Documentation]    60 failed attempts over 50 mails of 20 kB: a picture for each would be 15 MB.
    ${size} =    Get File Size    ${FOLDER}/output.xml
    Should Be True    ${size} < 3_000_000    ${size}

A Suite Teardown That Fails Shows What It Received
    ${picture} =    Get Picture    ${EMPTY}
    Should Contain    ${picture}    <td>After the tests</td>
    Should Not Contain    ${picture}    Mine

A Passed Test Has A Line For Each Message
    ${lines} =    Get Lines About Mail    Pass
    Should Be Equal    ${lines}
    ...    ${{["SMTP mock 'shared' received <Message N from shop@example.com to bob@example.com 'Mine'>", "SMTP mock 'shared' received <Message N from shop@example.com to bob@example.com 'Mine too'>", "SMTP mock 'shared' received <Message N from a@example.com to nobody (RCPT TO refused)>"]}}
    ${pictures} =    Get Html Messages    Pass
    Should Be Empty    ${pictures}

The Lines Of One Keyword Are Limited
    ${lines} =    Get Lines About Mail    Pass With Many
    Length Should Be    ${lines}    21
    Should Be Equal    ${lines}[-1]    SMTP mock 'shared' received 3 more messages

A Passed Test Shows Mail At The Level DEBUG Or On Request
    FOR    ${test}    ${level}    IN    Pass With Pictures    DEBUG    Picture On Request    INFO
        ${picture} =    Get Picture    ${test}    level=${level}
        Should Contain    ${picture}    <dt>Subject</dt><dd>Mine</dd>
    END

The Message Of A Failed Test Names Mail That Came Too Late
    ${message} =    Get Message Of Test    Late Mail
    Should Match Regexp    ${message}
    ...    (?s)^No message with recipient='bob@example.com'.*\n\n'Late' to bob@example.com arrived \\d\\S* s after the wait for a message with\\s+recipient='bob@example.com' had ended\\.\n\n

Mail That Comes Soon Is Waited For Before The Teardown
    [Tags]    local
    ${message} =    Get Message Of Test    Late Mail Before The Teardown Stops The Server
    ${words} =    Evaluate    ' '.join($message.split())
    Should Match Regexp    ${words}    ^No message arrived within 1 s\\. .* 'Hi' to bob@example.com arrived .* \\d\\S* s after the wait

What Is Added To A Message In HTML Is Escaped
    ${message} =    Get Message Of Test    Late Mail And A Message In HTML
    Should Start With    ${message}    *HTML*<b>Nothing came</b>
    Should Contain    ${message}    &lt;i&gt;Late&lt;/i&gt;
    Should Not Contain    ${message}    <i>

The Message Of A Failed Test Names The Server That Has The Mail
    ${message} =    Get Message Of Test    Mail At Another Server
    ${words} =    Evaluate    ' '.join($message.split())
    Should Contain    ${words}    'Elsewhere' to bob@example.com arrived at SMTP mock 'shared' (127.0.0.1:
    Should Contain    ${words}    was looked for at SMTP mock 'other' (127.0.0.1:
    ${picture} =    Get Picture    Mail At Another Server
    Should Contain    ${picture}    SMTP mock &#x27;other&#x27; (127.0.0.1:

Tables In The Message Of A Test Are Aligned
    Skip If    shutil.which('chromium') is None    Chromium is missing.
    ${font} =    Get Font Of Message    ${FOLDER}/log.html    s1-t19
    Should Contain    ${font}    monospace

A Suite Setup That Fails Shows What It Received
    [Documentation]    Comes last because it runs another subject.
    Run Subject    suite_setup.robot
    ${picture} =    Get Picture    ${EMPTY}
    Should Contain    ${picture}    <td>In the suite setup</td>
    ${places} =    Get Places Of Pictures    ${EMPTY}
    Should Be Equal    ${places}    ${{['Send And Fail']}}
    ${pictures} =    Get Html Messages    Test
    Should Be Empty    ${pictures}
    ${message} =    Get Message Of Test    Test
    Should Start With    ${message}    Parent suite setup failed:\nNo message with recipient='ann@example.com'


*** Keywords ***
Run The Subject
    ${folder} =    Run Subject    evidence.robot
    VAR    ${FOLDER}    ${folder}    scope=SUITE
    Number Of Tests Should Be    21

Get Picture
    [Arguments]    ${test}    ${level}=INFO
    ${pictures} =    Get Html Messages    ${test}    ${level}
    Length Should Be    ${pictures}    1
    RETURN    ${pictures}[0]
