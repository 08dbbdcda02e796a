*** Settings ***
Documentation       What hostile clients send neither ends a run nor reaches its log unescaped.
Library             Subject
Library             OperatingSystem
Suite Setup         Run The Subject


*** Test Cases ***
An Address That Is Not Text Does Not End The Run
    Test Should Have Passed    Hidden
    Test Should Have Failed    Not Hidden
    ...    The message was not sent to 'someone@b.c', but to '\\\\xff\\\\xfe@b.c', 'bob@example.com'.
    Test Should Have Passed    A Later Test
    File Should Not Be Empty    ${FOLDER}/log.html
    File Should Not Be Empty    ${FOLDER}/report.html

Credentials Are Not Shown Whatever Stands Before Them
    [Documentation]    Neither the password itself nor in Base64, at any of its three offsets.
    ${run} =    Get File    ${FOLDER}/output.xml
    FOR    ${test}    IN    Credentials    Credentials Where They Are Expected
        ${messages} =    Get Log Messages    ${test}
        ${shown} =    Catenate    SEPARATOR=\n    @{messages}    ${run}
        Should Contain    ${shown}    AUTH (credentials)
        FOR    ${secret}    IN    open sesame    AGJvYg    b3BlbiBzZXNhbWU    9wZW4gc2VzYW1l    vcGVuIHNlc2Ft
            Should Not Contain    ${shown}    ${secret}
        END
    END

An Error That A Client Could Have Made HTML Is Displayed As Text
    Errors Should Be Text    Markup In A Subject    Markup In Several Failures    Markup In A Setup
    ...    Markup In A Message Of The Test    Markup When The Server Has Been Stopped

An Error That The Test Made HTML Is Displayed As HTML
    Run Keyword And Expect Error    HTML Of The Test: \*HTML\*The <b>reminder</b> is missing.
    ...    Errors Should Be Text    HTML Of The Test

A Browser Shows The Errors As Text
    Skip If    shutil.which('chromium') is None    Chromium is missing.
    ${page} =    Render    ${FOLDER}/log.html    s1-t6
    Should Contain    ${page}    <title>Hostile Log</title>
    Should Contain    ${page}    *HTML*&lt;img src=x onerror=


*** Keywords ***
Run The Subject
    ${folder} =    Run Subject    hostile.robot
    VAR    ${FOLDER}    ${folder}    scope=SUITE
    Number Of Tests Should Be    11
