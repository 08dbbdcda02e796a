*** Settings ***
Documentation       The exact texts of failures.
Library             Subject


*** Test Cases ***
Assertions And Waits Explain Themselves
    Run Subject    failures.robot
    Number Of Tests Should Be    15
    Failures Should Be As Written    failures.txt

Keywords About Rules, Standards, TLS And Logins Explain Themselves
    Run Subject    rules.robot
    Number Of Tests Should Be    8
    Failures Should Be As Written    rules.txt
