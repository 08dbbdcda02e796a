"""Which arguments HELO, MAIL FROM and RCPT TO take, and what is read from them."""

import pytest

from tests.protocol.conversation import Conversation
from tests.protocol.scenario import INVALID

GOOD_NAMES = (
    *("a", "A-1", "x--y", "mail.example.com", "123", "1a.2b", "xn--mnchen-3ya.example", "a." * 40 + "a"),
    *("0.0.0.0", "255.255.255.255", "[127.0.0.1]", "[IPv6:::]", "[ipv6:2001:DB8::1]", "[IPv6:::ffff:192.0.2.1]"),
    *(
        "münchen.example",
        "пример.рф",
        "例え.テスト",
        "उदाहरण.परीक्षा",
        "[IPv6:1:2:3:4:5:6:7:8]",
        "[IPv6:1:2:3:4:5:6:192.0.2.1]",
    ),
)
BAD_NAMES = (
    *(
        "-",
        ".",
        "a.",
        ".a",
        "a..b",
        "-a",
        "a-",
        "a.-b",
        "a-.b",
        "a_b",
        "a/b",
        "a b",
        "a\tb",
        "a,b",
        "<a>",
        "a@b",
        "a:1",
    ),
    *("1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.1000", "999.1.1.1", "1.2", "[1.2.3]", "[1.2.3.4", "1.2.3.4]", "[]"),
    *("[1.2.3.4]x", "[[1.2.3.4]]", "[::1]", "[IPv6:]", "[IPv6:::1", "[IPv6:::1%eth0]", "[IPv6:1:2:3:4:5:6:7]"),
    *(
        "[IPv6:::1::2]",
        "[IPv6:::g]",
        "[IPv6:1.2.3.4]",
        "[IPv6: ::1]",
        "[IPv5:1]",
        "[example.com]",
        "ü_ü",
        "-ü",
        "ü-",
        "ü..a",
    ),
    *("“a”", "a\u200bb", "a\xa0b", "☃.example"),
)


@pytest.mark.parametrize("verb", ["HELO", "EHLO"])
@pytest.mark.parametrize("name", GOOD_NAMES)
def test_helo_takes(verb: str, name: str) -> None:
    conversation = Conversation()

    assert conversation.say(f"{verb} {name}") == "250 Received\r\n"

    conversation.end()
    [record] = conversation.messages()
    assert (record.helo_name, record.helo_request) == (name, f"{verb} {name}")


@pytest.mark.parametrize("line", ["HELO", "EHLO ", *(f"EHLO {name}" for name in BAD_NAMES), "EHLO\texample.com"])
def test_helo_refuses(line: str) -> None:
    conversation = Conversation()

    assert conversation.say(line) == "501 HELO requires domain address or valid address literal\r\n"

    conversation.end()
    [record] = conversation.messages()
    assert (record.helo, record.helo_name, record.helo_request) == (False, "", line.strip())


MAILBOXES = (
    *(
        "a@b",
        "first.last+tag@example.com",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        ".a.@example.com",
        "a..b@localhost",
        ".@a",
    ),
    *(
        '""@a.example',
        '"a b"@a.example',
        '"a@b"@a.example',
        '"<a>"@a.example',
        r'"a\"b\\"@a.example',
        '"a,b:c"@a.example',
    ),
    *(
        "a@[192.0.2.1]",
        "a@[IPv6:2001:db8::1]",
        "a@192.0.2.1",
        "почта@пример.рф",
        "用户@例え.テスト",
        '"ü x"@b',
        "a@xn--p1ai",
    ),
)
NO_MAILBOXES = (
    *("", "a", "@", "a@", "@b", "a@@b", "a@b@c", "a b@c", "a@b c", "a @b", "a@ b", "a@b_c", "a@-b", "a@b.", "a@b..c"),
    *('"a@b', 'a"b"@c', '"a"b@c', '"a""b"@c', '"a\\"@c', "(c)a@b", "a,b@c", "a;b@c", "a:b@c", "a\\b@c", "[a]@b"),
    *("a@[192.0.2.256]", "a@[]", "a@[::1]", "a@192.0.2", "a@[192.0.2.1", "a@[192.0.2.1]]", "a@(b)", "a\tb@c", "a@b\tc"),
)
WRAPPED = {
    "brackets": "<{}>",
    "white space first": " \t <{}>",
    "no brackets": "{}",
    "an opening bracket": "<{}",
    "a closing bracket": "{}>",
    "a display name": "Jane Doe 2 <{}>",
    "a display name without space": "Jürgen<{}>",
    "a display name and one bracket": "Jane <{}",
    "a source route": "<@relay.example:{}>",
    "a long source route": "<@a,@b.example,@[192.0.2.7],@[IPv6:::1]:{}>",
}


def envelope(mail: str = "MAIL FROM:<s@example.com>", rcpt: str | None = None) -> tuple[str, Conversation]:
    conversation = Conversation()
    lines = ["EHLO client.example", mail] if rcpt is None else ["EHLO client.example", mail, rcpt]
    replies = conversation.say(*lines)
    conversation.end()
    return replies.splitlines()[-1], conversation


@pytest.mark.parametrize("form", WRAPPED.values(), ids=WRAPPED.keys())
@pytest.mark.parametrize("mailbox", MAILBOXES)
def test_mail_and_rcpt_take_and_read(mailbox: str, form: str) -> None:
    argument = form.format(mailbox)

    reply, conversation = envelope(f"MAIL FROM:{argument}")
    assert (reply, conversation.messages()[0].sender) == ("250 Received", mailbox)

    reply, conversation = envelope(rcpt=f"RCPT TO:{argument}")
    assert (reply, conversation.messages()[0].recipients) == ("250 Received", (mailbox,))


@pytest.mark.parametrize(
    "argument",
    [
        *(f"<{mailbox}>" for mailbox in NO_MAILBOXES if mailbox),
        *(mailbox for mailbox in NO_MAILBOXES if not mailbox.startswith('"<')),
        *(
            "<<a@b>>",
            "<<a@b>",
            "<a@b>>",
            ">a@b<",
            "<a@b> <c@d>",
            "<a@b>,<c@d>",
            "<a@b>x",
            "< a@b>",
            "<a@b >",
            "< >",
            "< <a@b>",
        ),
        *("Jane_Doe <a@b>", '"Jane" <a@b>', "J. Doe <a@b>", "Jane a@b", "Jane a@b>", "a@b <c@d>"),
        *(
            "<@r:>",
            "<@:a@b>",
            "<@r,s:a@b>",
            "<@r,:a@b>",
            "<@r@s:a@b>",
            "<@r a@b>",
            "<@r_x:a@b>",
            "<r:a@b>",
            "<@r::a@b>",
        ),
        *("<@r:@s:a@b>", "<@[1.2.3]:a@b>", "<,@r:a@b>"),
        *("<a@b> SIZE=10", "<a@b> BODY=8BITMIME", "<a@b> NOTIFY=NEVER", "a@b SMTPUTF8", "<a@b>SIZE=1", "<a@b> x"),
    ],
)
def test_mail_and_rcpt_refuse(argument: str) -> None:
    assert envelope(f"MAIL FROM:{argument}")[0] == "501 MAIL FROM requires valid email address"
    assert envelope(rcpt=f"RCPT TO:{argument}")[0] == "501 RCPT TO requires valid email address"


@pytest.mark.parametrize("argument", ["<>", " <>", "\t<>  "])
def test_the_null_path_is_a_sender_and_no_recipient(argument: str) -> None:
    reply, conversation = envelope(f"MAIL FROM:{argument}")
    assert reply == "250 Received"
    assert (conversation.messages()[0].mailfrom, conversation.messages()[0].sender) == (True, "")
    assert envelope(rcpt=f"RCPT TO:{argument}")[0] == "501 RCPT TO requires valid email address"


@pytest.mark.parametrize("name", ["postmaster", "Postmaster", "POSTMASTER", "pOsTmAsTeR"])
def test_postmaster_without_a_domain_is_a_recipient_and_no_sender(name: str) -> None:
    reply, conversation = envelope(rcpt=f"RCPT TO:<{name}>")
    assert (reply, conversation.messages()[0].recipients) == ("250 Received", (name,))
    assert envelope(f"MAIL FROM:<{name}>")[0] == "501 MAIL FROM requires valid email address"


@pytest.mark.parametrize(
    "argument",
    ["postmaster", "<postmaster", "postmaster>", "<postmaster)", "<postmaster@>", "<post master>", "x <postmaster>"],
)
def test_postmaster_without_a_domain_needs_its_brackets(argument: str) -> None:
    assert envelope(rcpt=f"RCPT TO:{argument}")[0] == "501 RCPT TO requires valid email address"


@pytest.mark.parametrize(
    "line",
    [
        *(
            "MAIL",
            "MAIL FROM",
            "MAIL <a@b>",
            "MAIL FROM <a@b>",
            "MAIL FROM : <a@b>",
            "MAIL  FROM:<a@b>",
            "MAIL\tFROM:<a@b>",
        ),
        *(
            "MAILFROM:<a@b>",
            "MAIL TO:<a@b>",
            "MAIL FRM:<a@b>",
            "MAIL F ROM:<a@b>",
            "MAIL\x0bFROM:<a@b>",
            "XMAIL FROM:<a@b>",
        ),
        *(
            "RCPT",
            "RCPT TO",
            "RCPT TO <a@b>",
            "RCPT  TO:<a@b>",
            "RCPT\tTO:<a@b>",
            "RCPTTO:<a@b>",
            "RCPT FROM:<a@b>",
            "RCPT T:",
        ),
    ],
)
def test_mail_needs_from_and_rcpt_needs_to_behind_one_space(line: str) -> None:
    conversation = Conversation()
    conversation.say("EHLO client.example", "MAIL FROM:<a@example.com>")

    assert conversation.say(line) == f"{INVALID}\r\n"
    assert conversation.say("RCPT TO:<b@example.com>") == "250 Received\r\n"


BLOCKS = {
    "mailfrom": ("MAIL FROM", {"blacklisted_mailfrom_emails": ["Bob@Example.COM"]}, "421 Service not available"),
    "rcptto": ("RCPT TO", {"blacklisted_rcptto_emails": ["Bob@Example.COM"]}, "421 Service not available"),
    "unknown": ("RCPT TO", {"not_registered_emails": ["Bob@Example.COM"]}, "550 User not found"),
}


@pytest.mark.parametrize(("stage", "settings", "refusal"), BLOCKS.values(), ids=BLOCKS.keys())
@pytest.mark.parametrize(
    ("path", "is_blocked"),
    [
        ("<Bob@example.com>", True),
        ("Bob@EXAMPLE.COM", True),
        ("Bob <Bob@eXample.com", True),
        ("<@relay.example:Bob@example.com>", True),
        ("<bob@example.com>", False),
        ("<BOB@Example.COM>", False),
        ("<Bob@mail.example.com>", False),
        ("<Bob@example.co>", False),
        ('<"Bob"@example.net>', False),
    ],
)
def test_block_lists_compare_domains_without_case_and_local_parts_with_it(
    stage: str, settings: dict[str, list[str]], refusal: str, path: str, is_blocked: bool
) -> None:
    conversation = Conversation(**settings)
    conversation.say("EHLO client.example", *(["MAIL FROM:<a@example.com>"] if stage == "RCPT TO" else []))

    assert conversation.say(f"{stage}:{path}") == (f"{refusal}\r\n" if is_blocked else "250 Received\r\n")


@pytest.mark.parametrize("verb", ["HELO", "EHLO"])
@pytest.mark.parametrize(
    "name", ["bad.example", "BAD.EXAMPLE", "Bad.Example", "пример.рф", "ПРИМЕР.РФ", "[ipv6:2001:DB8::1]"]
)
def test_blocked_domains_are_refused_in_any_case(verb: str, name: str) -> None:
    conversation = Conversation(blacklisted_helo_domains=["baD.example", "Пример.рф", "[IPv6:2001:db8::1]"])

    assert conversation.say(f"{verb} {name}") == "421 Service not available\r\n"
    assert conversation.say(f"{verb} sub.bad.example") == "250 Received\r\n"
