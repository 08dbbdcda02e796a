*** Settings ***
Documentation       Suites that run in parallel do not conflict.
Library             Elsewhere
Library             Subject
Test Tags           uninstrumented


*** Test Cases ***
Four Processes Of Pabot
    Skip If    importlib.util.find_spec('pabot') is None    pabot is missing.
    Run Subject In Parallel    parallel    4
    Number Of Tests Should Be    4
    All Tests Should Have Passed

Four Processes Of Pabot Share A Server
    Skip If    importlib.util.find_spec('pabot') is None    pabot is missing.
    ${url} =    Start Elsewhere
    Run Subject In Parallel    shared    4    --variable    URL:${url}
    Number Of Tests Should Be    8
    All Tests Should Have Passed
    ${rules} =    Rules Elsewhere
    Should Be Equal As Integers    ${rules}    0
    [Teardown]    End Elsewhere
