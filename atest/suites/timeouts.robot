*** Settings ***
Documentation       Timeouts of tests and keywords end a wait, and nothing else.
Library             Subject
Library             Collections
Suite Setup         Run Subject    timeouts.robot


*** Test Cases ***
All Of Them Ran
    Number Of Tests Should Be    5

A Test Timeout Ends A Wait
    Test Should Have Failed    Test Timeout    Test timeout 300 milliseconds exceeded.
    Test Should Have Failed    Timeout While Several Are Awaited    Test timeout 300 milliseconds exceeded.

A Keyword Timeout Ends A Wait
    Test Should Have Failed    Keyword Timeout    Keyword timeout 300 milliseconds exceeded.

The Next Test Works
    Test Should Have Passed    The Next Test Works
    Test Should Have Passed    The Last Test Works

The Log Shows What Had Been Said
    ${pictures} =    Get Pictures    Test Timeout
    Length Should Be    ${pictures}    1
    Should Contain    ${pictures}[0]    <code>rcpt TO:&lt;ann@example.com&gt;</code>    ignore_case=True
