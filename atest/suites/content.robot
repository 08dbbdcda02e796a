*** Settings ***
Documentation       The content of a message.
Library             SMTPMockLibrary
Library             Mailer
Library             OperatingSystem
Test Setup          Start The Server


*** Test Cases ***
Text Is Found Across Line Ends
    Send Mail    ${SERVER}    text=Thank you${SPACE * 3}for\nsigning up
    ${mail} =    Get Message
    Message Should Contain    ${mail}    Thank you for signing up
    Message Should Contain    ${mail}    Thank * signing
    Message Should Contain    ${mail}    REGEXP:^Thank.*up$

Visible Text Is Found In HTML
    Send Mail    ${SERVER}    text=${None}    html=<p>Thank&nbsp;you <b>for</b> signing<br>up &amp; on</p><p>Bye</p>
    ${mail} =    Get Message
    Message Should Contain    ${mail}    Thank you for signing up & on

The Part That Must Contain A Text Can Be Selected
    Send Mail    ${SERVER}    text=Only in the text, and in both    html=<p>Only in the HTML, and in both</p>
    ${mail} =    Get Message
    Message Should Contain    ${mail}    in the text    part=text
    Message Should Contain    ${mail}    in the HTML    part=html
    Message Should Contain    ${mail}    in both    part=both
    Message Should Contain    ${mail}    IN BOTH    part=both    ignore_case=True
    Run Keyword And Expect Error
    ...    The message does not contain 'in the text' in its HTML part.\ntext part: 'Only in the text, and in both'\nHTML part: 'Only in the HTML, and in both'
    ...    Message Should Contain    ${mail}    in the text    part=html
    Run Keyword And Expect Error    The message does not contain 'in the HTML' in its text part.\n*
    ...    Message Should Contain    ${mail}    in the HTML    part=both
    Run Keyword And Expect Error    ValueError: Argument 'part' got value 'HTM' that cannot be converted to 'any'*
    ...    Message Should Contain    ${mail}    in the HTML    part=HTM

A Message Without A Text Part Is Told
    Send Mail    ${SERVER}    text=${None}    html=<p>Hello</p>
    ${mail} =    Get Message
    Run Keyword And Expect Error
    ...    The message does not contain 'Hello' in its text part. The message has an HTML part only.\nHTML part: 'Hello'
    ...    Message Should Contain    ${mail}    Hello    part=both

A Text That Should Not Be There Is Found In Either Part
    Send Mail    ${SERVER}    text=Dear Bob    html=<p>Dear {{ name }}</p>
    ${mail} =    Get Message
    Message Should Not Contain    ${mail}    {{    part=text
    Message Should Not Contain    ${mail}    dear
    Run Keyword And Expect Error
    ...    The message contains '{{' in its HTML part, but should not.\n*
    ...    Message Should Not Contain    ${mail}    {{
    Run Keyword And Expect Error    The message contains 'dear' in its text part and its HTML part, but should not.\n*
    ...    Message Should Not Contain    ${mail}    dear    ignore_case=True

A Header Is Compared As A Whole
    Send Mail    ${SERVER}    subject=Schöne Grüße vom Laden    header=X-Id: 42
    ${mail} =    Get Message
    Message Header Should Be    ${mail}    x-id    42
    Message Header Should Be    ${mail}    Subject    Schöne *
    Message Header Should Be    ${mail}    Subject    SCHÖNE GRÜSSE VOM LADEN    ignore_case=True
    Message Header Should Be    ${mail}    Subject    REGEXP:Laden$
    Run Keyword And Expect Error    The header Subject of the message is 'Schöne Grüße vom Laden', expected 'Schöne'.
    ...    Message Header Should Be    ${mail}    Subject    Schöne
    Run Keyword And Expect Error    The message has no header 'X-Di'*
    ...    Message Header Should Be    ${mail}    X-Di    42

An Empty Attachment Does Not Have The Minimum Size
    Send Mail    ${SERVER}    attachment=invoice.pdf
    ${mail} =    Get Message
    ${found} =    Message Should Have Attachment    ${mail}    min_size=16
    Should Be Equal    ${found.size}    ${16}
    Run Keyword And Expect Error
    ...    Expected one attachment with min_size=17, found none. Attachments of the message: <Attachment 'invoice.pdf' application/pdf 16 B>.
    ...    Message Should Have Attachment    ${mail}    min_size=17

Messages Are Saved
    Remove Directory    ${OUTPUT DIR}/mail    recursive=True
    Remove Directory    ${OUTPUT DIR}/saved    recursive=True
    Send Mail    ${SERVER}    subject=First
    Send Mail    ${SERVER}    ann@example.com    subject=Second
    Send Lines    ${SERVER}    HELO x.example    MAIL FROM:<a@example.com>    QUIT
    ${mail} =    Get Message    subject=First
    ${path} =    Save Message    ${mail}    saved/deep/first.eml
    Should Be Equal    ${path}    ${{pathlib.Path($OUTPUT_DIR, 'saved/deep/first.eml')}}
    ${content} =    Get Binary File    ${path}
    Should Be Equal    ${content}    ${mail.raw}
    @{paths} =    Save Messages
    Should Be Equal    ${{[path.name for path in $paths]}}    ${{['0001-First.eml', '0002-Second.eml']}}
    Should Be Equal    ${paths[0].parent.name}    Messages_Are_Saved
    ${content} =    Get Binary File    ${paths}[0]
    Should Be Equal    ${content}    ${mail.raw}
    @{paths} =    Save Messages    saved/of ann    recipient=ann@example.com
    Should Be Equal    ${{[path.name for path in $paths]}}    ${{['0002-Second.eml']}}
    File Should Exist    ${OUTPUT DIR}/saved/of ann/0002-Second.eml

Messages Of All Servers Are Saved After They Were Stopped
    [Tags]    local
    Remove Directory    ${OUTPUT DIR}/saved    recursive=True
    ${other} =    Start SMTP Mock    ../other
    Send Mail    ${SERVER}
    Send Mail    ${other}
    Stop SMTP Mock
    @{paths} =    Save Messages    saved/all
    Should Be Equal    ${{[path.parts[-3:] for path in $paths]}}
    ...    ${{[('all', '1', '0001-Hi.eml'), ('all', '_other', '0001-Hi.eml')]}}

A Failure Shows The Text Of The Message
    Send Mail    ${SERVER}    text=Hello
    ${mail} =    Get Message
    Run Keyword And Expect Error
    ...    The message does not contain 'Good bye' in its text part and its HTML part. The message has a text part only.\ntext part: 'Hello'
    ...    Message Should Contain    ${mail}    Good bye
    Run Keyword And Expect Error
    ...    The message does not contain /^ell/ in its text part and its HTML part.*
    ...    Message Should Contain    ${mail}    REGEXP:^ell
    Run Keyword And Expect Error
    ...    Politeness matters\nThe message does not contain 'Good bye' in *
    ...    Message Should Contain    ${mail}    Good bye    message=Politeness matters

An Attachment Is Found And Saved
    Send Mail    ${SERVER}    attachment=invoice.pdf
    ${mail} =    Get Message
    ${found} =    Message Should Have Attachment    ${mail}
    Should Be Equal    ${found.name}    invoice.pdf
    Message Should Have Attachment    ${mail}    inv*.pdf    content_type=application/pdf
    ${path} =    Save Attachment    ${mail}    invoice.pdf    folder=${OUTPUT DIR}/saved
    ${content} =    Get Binary File    ${path}
    Should Be Equal    ${content}    ${{b'%PDF-1.4 nothing'}}
    ${second} =    Save Attachment    ${mail}    folder=${OUTPUT DIR}/saved
    Should Not Be Equal    ${path}    ${second}
    ${third} =    Save Attachment    ${mail}    invoice.pdf    saved/mine.pdf
    Should Be Equal    ${third}    ${{pathlib.Path($OUTPUT_DIR, 'saved', 'mine.pdf')}}
    File Should Exist    ${third}
    Run Keyword And Expect Error    ValueError: Expected a path or a folder, not both.
    ...    Save Attachment    ${mail}    invoice.pdf    mine.pdf    folder=saved

A Failure Lists The Attachments Of The Message
    Send Mail    ${SERVER}    attachment=invoice.pdf
    ${mail} =    Get Message
    Run Keyword And Expect Error
    ...    Expected one attachment with name='*.zip', found none. Attachments of the message: <Attachment 'invoice.pdf' application/pdf 16 B>.
    ...    Message Should Have Attachment    ${mail}    *.zip
    Run Keyword And Expect Error
    ...    Expected one attachment with name='*.zip', found none. Attachments of the message: <Attachment 'invoice.pdf' application/pdf 16 B>.
    ...    Save Attachment    ${mail}    *.zip
    Send Mail    ${SERVER}    subject=Nothing attached
    ${mail} =    Get Message    subject=Nothing attached
    Run Keyword And Expect Error
    ...    Expected one attachment, found none. Attachments of the message: none.
    ...    Message Should Have Attachment    ${mail}

Links Are Found In Text And HTML
    Send Mail    ${SERVER}    text=See https://a.example/help.    html=<a href="https://a.example/confirm/7?a=1&amp;b=2">x</a>
    ${mail} =    Get Message
    ${link} =    Get Link From Message    ${mail}    */confirm/*
    Should Be Equal    ${link}    https://a.example/confirm/7?a=1&b=2
    ${link} =    Get Link From Message    ${mail}    REGEXP:/help$
    Should Be Equal    ${link}    https://a.example/help
    Run Keyword And Expect Error
    ...    Expected one link matching '*/stop/*', found none. Links of the message: 'https://a.example/help', 'https://a.example/confirm/7?a=1&b=2'.
    ...    Get Link From Message    ${mail}    */stop/*

Links Are Found By Their Text
    Send Mail    ${SERVER}    html=<a href="https://a.example/1">Confirm your <b>address</b></a> <a href="https://a.example/2">Help</a>
    ${mail} =    Get Message
    ${link} =    Get Link From Message    ${mail}    text=Confirm your address
    Should Be Equal    ${link}    https://a.example/1
    Run Keyword And Expect Error    Expected one link *'Unsubscribe'*
    ...    Get Link From Message    ${mail}    text=Unsubscribe

Codes Are Found
    Send Mail    ${SERVER}    text=Your code is 493021, valid until 10:30. Reference AB-12.
    ${mail} =    Get Message
    ${code} =    Get Code From Message    ${mail}
    Should Be Equal    ${code}    493021
    ${code} =    Get Code From Message    ${mail}    Reference ([A-Z0-9-]+)
    Should Be Equal    ${code}    AB-12
    Run Keyword And Expect Error    Expected one code matching 'nothing', found none. *
    ...    Get Code From Message    ${mail}    nothing

A Hidden Recipient Is In The Envelope But Not In The Headers
    Send Mail    ${SERVER}    bcc=archive@example.com
    ${mail} =    Get Message
    Recipient Should Be Hidden    ${mail}    archive@example.com
    Recipient Should Be Hidden    ${mail}    archive@EXAMPLE.com
    Run Keyword And Expect Error
    ...    The recipient 'bob@example.com' is not hidden: the header 'To' is 'bob@example.com'.
    ...    Recipient Should Be Hidden    ${mail}    bob@example.com
    Run Keyword And Expect Error
    ...    The message was not sent to 'carl@example.com', but to 'bob@example.com', 'archive@example.com'.
    ...    Recipient Should Be Hidden    ${mail}    carl@example.com

A Hidden Recipient Cannot Be A Pattern
    Send Mail    ${SERVER}    subject=Hi
    ${mail} =    Get Message    subject=Hi
    Run Keyword And Expect Error
    ...    The message was not sent to '*@example.com', but to 'bob@example.com'.
    ...    Recipient Should Be Hidden    ${mail}    *@example.com

A Recipient In Any Header Is Not Hidden
    Send Mail    ${SERVER}    bcc=archive@example.com    header=X-Copy: <Archive@example.com>
    ${mail} =    Get Message
    Run Keyword And Expect Error
    ...    The recipient 'archive@example.com' is not hidden: the header 'X-Copy' is '<Archive@example.com>'.
    ...    Recipient Should Be Hidden    ${mail}    archive@example.com

A Longer Address Does Not Reveal The Recipient
    Send Mail    ${SERVER}    bcc=ive@example.com    header=X-Copy: archive@example.com, ive@example.com.au
    ${mail} =    Get Message
    Recipient Should Be Hidden    ${mail}    ive@example.com

An Argument That Is Not A Message Is An Error
    Run Keyword And Expect Error
    ...    ValueError: Argument 'mail' got value 'Hi' that cannot be converted to Message: Expected a message, as returned by Get Message or Wait For Message.
    ...    Message Should Contain    Hi    Hello


*** Keywords ***
Start The Server
    ${server} =    Start SMTP Mock
    VAR    ${SERVER}    ${server}    scope=TEST
