*** Settings ***
Documentation       With the setting strict, a rule that was never used fails the test.
Library             Subject
Library             Collections


*** Variables ***
${BOB}      1 rule never used:\n${SPACE*2}RCPT TO recipient='bob@example.com' reply='550 5.1.1 User unknown' (asked 0 times)
${ANN}      1 rule never used:\n${SPACE*2}RCPT TO recipient='ann@example.com' reply='550 5.1.1 User unknown' (asked 0 times)


*** Test Cases ***
A Test That Leaves A Rule Unused Fails At Its End
    Run Subject    strict.robot
    Number Of Tests Should Be    8
    Test Should Have Failed    Unused
    ...    2 rules never used:
    ...    ${SPACE*2}RCPT TO recipient='bob@example.com' reply='550 5.1.1 User unknown' (asked 0 times)
    ...    ${SPACE*2}message times=2 reply='451 4.3.0 Temporary failure' (asked 0 times)
    Test Should Have Failed    Unused On Two Servers    ${BOB}    ${ANN}
    Test Should Have Failed    Stopped In The Teardown    Teardown failed:    ${BOB}
    Test Should Have Failed    All Stopped In The Teardown    Teardown failed:    ${ANN}    ${BOB}
    Test Should Have Failed    Failed Anyway    The reason
    Test Should Have Failed    Failed Anyway, And Stopped    The reason
    Test Should Have Passed    Used
    Test Should Have Passed    Not Strict

A Rule Of A Suite Is Checked At Its End
    Run Subject    strict_suite.robot
    Number Of Tests Should Be    4
    Test Should Have Passed    A Rule Of The Suite Can Wait
    Test Should Have Failed    A Rule Of The Test Cannot
    ...    3 rules never used:
    ...    ${SPACE*2}RCPT TO recipient='bob@example.com' reply='550 5.1.1 User unknown' (asked 1 time)
    ...    ${SPACE*2}RCPT TO recipient='dan@example.com' reply='550 5.1.1 User unknown' (asked 1 time)
    ...    ${SPACE*2}RCPT TO recipient='cat@example.com' reply='550 5.1.1 User unknown' (asked 0 times)
    Test Should Have Passed    The Next Test Is Not To Blame
    Test Should Have Passed    A Rule Of The Suite Is Used
    ${errors} =    Get Errors Of The Run
    Length Should Be    ${errors}    1
    Should Be True    $errors[0].startswith("SMTP mock 'suite': 2 rules never used:")
