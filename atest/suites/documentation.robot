*** Settings ***
Documentation       The keyword documentation that libdoc generates.
Library             Documentation
Library             Subject
Library             KeywordPage
Library             ${CURDIR}/../inbox/Inbox.py
Library             Collections
Suite Teardown      Run Keyword And Ignore Error    Close All Browsers
Test Tags           uninstrumented


*** Test Cases ***
Every Keyword Has An Example
    ${without} =    Keywords Without An Example
    Should Be Empty    ${without}

Every Argument Has A Type
    ${without} =    Arguments Without A Type
    Should Be Empty    ${without}

Start SMTP Mock Accepts And Documents All Settings
    ${without} =    Settings Without A Meaning
    Should Be Empty    ${without}

The Library Has All Criteria And Rule Words
    ${unknown} =    Words That Smtpmock Does Not Know
    Should Be Empty    ${unknown}

The Introduction Documents All Criteria
    ${without} =    Criteria Without A Meaning
    Should Be Empty    ${without}

The Introduction Documents All Stages And Words Of Rules
    ${without} =    Rule Words Without A Meaning
    Should Be Empty    ${without}

The Page Shows A Table Of Contents And Tables
    Open The Page
    ${sections} =    Links Of The Contents
    List Should Contain Value    ${sections}    Selecting messages
    Element Should Not Contain    css:body    %TOC%
    ${cells} =    Cells Of Tables
    List Should Contain Value    ${cells}    refused_recipient
    List Should Contain Value    ${cells}    throttle
    List Should Contain Value    ${cells}    shutdown_timeout

Every Example Runs As The Page Shows It
    Open The Page
    ${suite}    ${without} =    Write Examples As Shown
    Should Be Empty    ${without}
    Run Subject    ${suite}
    ${count} =    Number Of Keywords
    Number Of Tests Should Be    ${count}
    All Tests Should Have Passed
    ${suite} =    Write The First Example
    Run Subject    ${suite}
    Number Of Tests Should Be    ${1}
    All Tests Should Have Passed


*** Keywords ***
Open The Page
    ${url} =    Render The Page
    Start Chromium
    Go To    ${url}
