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

Every Broken Application Is Told By The Text Of The Failure
    [Documentation]    Whoever reads broken.txt, and nothing else, can tell what is wrong with each application.
    Run Subject    broken.robot
    Number Of Tests Should Be    18
    Test Should Have Passed    The Working Application
    Failures Should Be As Written    broken.txt
