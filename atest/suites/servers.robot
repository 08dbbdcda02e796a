*** Settings ***
Documentation       Starting, stopping, switching and configuring servers.
Library             SMTPMockLibrary
Library             Mailer
Library             Collections


*** Test Cases ***
A Started Server Has A Host, A Port And A URL
    ${server} =    Start SMTP Mock
    Should Be Equal    ${server.host}    127.0.0.1
    Should Be True    ${server.port} > 0
    Should Be Equal    ${server.url}    smtp://127.0.0.1:${server.port}
    Should Be Equal    ${server}    ${server}
    Port Should Be Open    ${server.port}

A Server On IPv6 Has A URL With Brackets
    ${server} =    Start SMTP Mock    host=::1
    Should Be Equal    ${server.url}    smtp://[::1]:${server.port}

A Stopped Server Frees Its Port
    ${server} =    Start SMTP Mock
    Stop SMTP Mock
    Port Should Be Free    ${server.port}
    Run Keyword And Expect Error    No SMTP mock is running: test '${TEST NAME}' stopped it.    Get Messages
    Run Keyword And Expect Error
    ...    No SMTP mock with the alias '1' is running: test '${TEST NAME}' stopped it; running: none.
    ...    Get SMTP Mock    1

Everything Is Recorded By Default
    ${server} =    Start SMTP Mock
    Should Be True    ${server.mock.settings.multiple_rcptto}
    Should Be True    ${server.mock.settings.multiple_message_receiving}
    ${other} =    Start SMTP Mock    multiple_rcptto=False    multiple_message_receiving=off
    Should Not Be True    ${other.mock.settings.multiple_rcptto}
    Should Not Be True    ${other.mock.settings.multiple_message_receiving}

Settings Can Be Text
    ${server} =    Start SMTP Mock
    ...    fail_fast=yes
    ...    session_timeout=1 min
    ...    response_delay_rset=200 ms
    ...    response_delay_noop=0.25
    ...    msg_size_limit=1000
    ...    max_messages=7
    ...    not_registered_emails=a@example.com, b@example.com
    ...    msg_greeting=Hello
    VAR    ${settings}    ${server.mock.settings}
    Should Be True    ${settings.fail_fast} is True
    Should Be Equal    ${settings.session_timeout}    ${60.0}
    Should Be Equal    ${settings.response_delay_rset}    ${0.2}
    Should Be Equal    ${settings.response_delay_noop}    ${0.25}
    Should Be Equal    ${settings.msg_size_limit}    ${1000}
    Should Be Equal    ${settings.max_messages}    ${7}
    Should Be Equal    ${settings.not_registered_emails}    ${{('a@example.com', 'b@example.com')}}
    Should Be Equal    ${settings.msg_greeting}    220 Hello

Settings Can Be Values
    @{nobody} =    Create List    nobody@example.com
    ${server} =    Start SMTP Mock    not_registered_emails=${nobody}    session_timeout=${2}
    Should Be Equal    ${server.mock.settings.not_registered_emails}    ${{('nobody@example.com',)}}
    Should Be Equal    ${server.mock.settings.session_timeout}    ${2.0}

An Invalid Value Is An Error And Starts No Server
    Run Keyword And Expect Error
    ...    Invalid port 70000: expected an integer from 0 to 65535
    ...    Start SMTP Mock    port=70000
    Run Keyword And Expect Error
    ...    Invalid fail_fast 'perhaps': expected true or false
    ...    Start SMTP Mock    fail_fast=perhaps
    Run Keyword And Expect Error
    ...    ValueError: Argument 'session_timeout' got value 'soon' that cannot be converted to timedelta: *
    ...    Start SMTP Mock    session_timeout=soon
    Run Keyword And Expect Error    No SMTP mock is running: *    Get Messages

An Unknown Setting Is An Error
    Run Keyword And Expect Error
    ...    ValueError: Argument 'alias' got value 'prot=2525' that cannot be converted to Alias: Unknown setting 'prot': did you mean 'port'?
    ...    Start SMTP Mock    prot=2525

A Port In Use Is An Error That Does Not Affect The Other Server
    ${server} =    Start SMTP Mock
    Run Keyword And Expect Error
    ...    Failed to start SMTP mock server on port: ${server.port}*
    ...    Start SMTP Mock    other    port=${server.port}
    Send Mail    ${server}
    Message Count Should Be    1

The Last Server That Was Started Is The Current One
    ${first} =    Start SMTP Mock    first
    ${second} =    Start SMTP Mock    alias=second
    Send Mail    ${first}    subject=to the first
    Send Mail    ${second}    subject=to the second
    ${mail} =    Get Message
    Should Be Equal    ${mail.subject}    to the second
    ${previous} =    Switch SMTP Mock    first
    Should Be Equal    ${previous}    second
    ${mail} =    Get Message
    Should Be Equal    ${mail.subject}    to the first

After A Stop The Previous Server Is The Current One
    ${first} =    Start SMTP Mock    first
    Start SMTP Mock    second
    ${third} =    Start SMTP Mock    third
    Switch SMTP Mock    first
    Send Mail    ${third}    subject=to the third
    Stop SMTP Mock
    Port Should Be Free    ${first.port}
    Messages Should Contain Subject    to the third
    Stop SMTP Mock    second
    Messages Should Contain Subject    to the third

A Server Is Found By Its Alias
    ${first} =    Start SMTP Mock    first
    ${second} =    Start SMTP Mock    second
    ${found} =    Get SMTP Mock    first
    Should Be Equal    ${found}    ${first}
    Should Be Equal    ${found.port}    ${first.mock.port}
    ${found} =    Get SMTP Mock
    Should Be Equal    ${found}    ${second}

Aliases Are Checked
    Start SMTP Mock    first
    Start SMTP Mock
    Run Keyword And Expect Error
    ...    No SMTP mock with the alias 'fourth' is running; running: 'first', '1'.
    ...    Switch SMTP Mock    fourth
    Run Keyword And Expect Error
    ...    No SMTP mock with the alias 'fourth' is running; running: 'first', '1'.
    ...    Stop SMTP Mock    fourth
    Run Keyword And Expect Error
    ...    An SMTP mock with the alias 'first' is already running.
    ...    Start SMTP Mock    first

A Server Can Be Offline For A While
    ${first} =    Start SMTP Mock    first
    Send Mail    ${first}
    ${second} =    Start SMTP Mock    second
    Take SMTP Mock Offline    first
    Port Should Be Free    ${first.port}
    Port Should Be Open    ${second.port}
    Bring SMTP Mock Online    first
    Send Mail    ${first}
    Switch SMTP Mock    first
    Message Count Should Be    2
    Bring SMTP Mock Online
    Stop SMTP Mock    second
    Run Keyword And Expect Error    No SMTP mock with the alias 'second' is running: *
    ...    Take SMTP Mock Offline    second

All Servers Can Be Stopped At Once
    ${first} =    Start SMTP Mock
    ${second} =    Start SMTP Mock
    Stop All SMTP Mocks
    Port Should Be Free    ${first.port}
    Port Should Be Free    ${second.port}
    Stop All SMTP Mocks

Stopping A Strict Server With An Unused Rule Fails
    ${server} =    Start SMTP Mock    strict=True
    Call Method    ${server.mock}    on    QUIT    reply=421 Bye
    Run Keyword And Expect Error    1 rule never used:\n*QUIT*    Stop SMTP Mock
    Port Should Be Free    ${server.port}

A Secret Can Be A Setting
    [Documentation]    Only newer versions of Robot Framework have secrets.
    Skip If    not hasattr(robot.api.types, 'Secret') if importlib.util.find_spec('robot.api.types') else True
    ...    This version of Robot Framework has no secrets.
    ${server} =    Start SMTP Mock    auth=${{robot.api.types.Secret('bob:open sesame')}}
    Should Be Equal    ${server.mock.settings.auth}    ${{{'bob': 'open sesame'}}}
