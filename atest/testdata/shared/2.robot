*** Settings ***
Resource            steps.resource


*** Test Cases ***
Suite 2 Has The Server To Itself
    Nobody Else Should Be Noticed    2

Suite 2 Has It Again
    Nobody Else Should Be Noticed    2
