*** Settings ***
Resource            steps.resource


*** Test Cases ***
Suite 3 Has The Server To Itself
    Nobody Else Should Be Noticed    3

Suite 3 Has It Again
    Nobody Else Should Be Noticed    3
