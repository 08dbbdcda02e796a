*** Settings ***
Documentation       Test and keyword timeouts end a wait but do not affect the server.
Library             Subject
Library             Collections
Test Tags           uninstrumented
Suite Setup         Run Subject    timeouts.robot


*** Test Cases ***
All Tests Ran
    Number Of Tests Should Be    5

A Test Timeout Ends A Wait
    Test Should Have Failed    Test Timeout    Test timeout 1 second exceeded.
    Test Should Have Failed    Timeout While Several Are Awaited    Test timeout 1 second exceeded.

A Keyword Timeout Ends A Wait
    Test Should Have Failed    Keyword Timeout    Keyword timeout 1 second exceeded.

The Next Test Works
    Test Should Have Passed    The Next Test Works
    Test Should Have Passed    The Last Test Works

The Log Shows The Session
    ${messages} =    Get Html Messages    Test Timeout
    Length Should Be    ${messages}    1
    Should Contain    ${messages}[0]    <code>rcpt TO:&lt;ann@example.com&gt;</code>    ignore_case=True
