*** Settings ***
Documentation       Suites that run in parallel do not conflict.
Library             Subject


*** Test Cases ***
Four Processes Of Pabot
    Skip If    importlib.util.find_spec('pabot') is None    pabot is missing.
    Run Subject In Parallel    parallel    4
    Number Of Tests Should Be    4
    All Tests Should Have Passed
