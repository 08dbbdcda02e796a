*** Settings ***
Documentation       Misspelt arguments fail, and already in a dry run.
Library             Subject


*** Test Cases ***
Misspelt Arguments Fail In A Dry Run
    Run Subject    misspelt.robot    --dryrun
    Number Of Tests Should Be    19
    Failures Should Be As Written    misspelt.txt

Misspelt Arguments Fail In The Same Words In A Run
    Run Subject    misspelt.robot
    Number Of Tests Should Be    19
    Failures Should Be As Written    misspelt.txt
