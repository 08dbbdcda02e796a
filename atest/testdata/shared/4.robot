*** Settings ***
Resource            steps.resource


*** Test Cases ***
Suite 4 Has The Server To Itself
    Nobody Else Should Be Noticed    4

Suite 4 Has It Again
    Nobody Else Should Be Noticed    4
