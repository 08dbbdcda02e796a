"""Sessions and messages as self-contained fragments of HTML, for pages such as the log of Robot Framework.

The fragments load nothing and run no scripts. They inherit the colours of the page, so that they are readable in a
light and in a dark theme. All text from clients is escaped, and the HTML of a message is shown in a sandboxed frame.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from smtpmock.conformance.conversation import session_violations
from smtpmock.conformance.message import message_violations
from smtpmock.queries.criteria import tried_recipients
from smtpmock.reports.safe_html import safe_html
from smtpmock.reports.transcript import (
    answers,
    format_cause,
    format_request,
    is_asked,
    is_refusal,
    message_codes,
    messages_by_exchange,
    session_line,
)
from smtpmock.text import escape_controls, format_address, format_size, pluralize, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from smtpmock.records.exchange import Exchange
    from smtpmock.records.message import MessageRecord
    from smtpmock.stores.base import SessionEntry

_MOST_SESSIONS = 10
_MOST_EXCHANGES = 100  # in a session
_MOST_BODIES = 20  # in a session
_MOST_TEXT = 4_000  # characters of plain text in a message
_MOST_HTML = 50_000  # characters of HTML in a message
_MOST_IMAGE = 100_000  # bytes of an image embedded in the HTML
_MOST_LINE = 1_000  # characters
_MOST_REFUSED = 10  # commands of a message

_REFERENCE = re.compile(r"""cid:([^\s"'<>()]+)""")
_HEADERS = ("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID")

STYLE = """<style>
.smtpmock{font:13px/1.45 system-ui,"DejaVu Sans",sans-serif;max-width:64em;margin:.4em 0;white-space:normal}
.smtpmock details,.smtpmock-card{border:1px solid rgba(128,128,128,.45);border-radius:8px;margin:.4em 0;overflow:hidden}
.smtpmock summary{cursor:pointer;padding:.35em .8em;background:rgba(128,128,128,.14);font-weight:600}
.smtpmock-talk{display:grid;grid-template-columns:4.6em 1fr;row-gap:3px;padding:.5em .8em .7em 0}
.smtpmock-ends{grid-column:2;display:flex;justify-content:space-between;opacity:.7;font-size:12px}
.smtpmock-at{grid-column:1;text-align:right;padding:.3em .8em 0 0;opacity:.6;font:11px monospace}
.smtpmock-row{grid-column:2;display:flex;flex-wrap:wrap;align-items:flex-start;gap:3px 1.5em}
.smtpmock-says{max-width:82%;box-sizing:border-box;padding:.22em .7em;border-radius:10px;overflow-wrap:anywhere}
.smtpmock-says code{display:block;font:12.5px/1.45 "DejaVu Sans Mono",monospace;background:none;white-space:pre-wrap}
.smtpmock-client{background:rgba(38,120,255,.16);border-left:3px solid #2678ff;
 border-top-left-radius:2px}
.smtpmock-server{margin-left:auto;background:rgba(60,160,90,.15);border-right:3px solid #3c9f5a;
 border-top-right-radius:2px}
.smtpmock-refused{background:rgba(225,50,50,.18);border-right-color:#e13232}
.smtpmock-silent code{font-style:italic}
.smtpmock-note{display:block;font-size:11.5px;opacity:.85}
.smtpmock-wrong{grid-column:2;justify-self:start;font-size:12px;padding:.1em .7em;border-left:3px solid #d98a00;
 background:rgba(217,138,0,.16)}
.smtpmock-client>details{margin:.3em 0 .2em}
.smtpmock-mail{padding:.5em .8em}
.smtpmock-mail dl{display:grid;grid-template-columns:max-content 1fr;gap:1px 1em;margin:0 0 .5em}
.smtpmock-mail dt{opacity:.65;font-weight:400}
.smtpmock-mail dd{margin:0;overflow-wrap:anywhere}
.smtpmock-bodies{display:grid;grid-template-columns:repeat(auto-fit,minmax(17em,1fr));gap:.6em}
.smtpmock-bodies figure{margin:0;min-width:0}
.smtpmock-bodies figcaption{font-size:11px;opacity:.65}
.smtpmock-bodies pre{margin:0;padding:.6em;border:1px solid rgba(128,128,128,.35);border-radius:5px;
 background:rgba(128,128,128,.08);font:12.5px/1.45 "DejaVu Sans Mono",monospace;white-space:pre-wrap;
 overflow-wrap:anywhere;max-height:24em;overflow:auto;box-sizing:border-box}
.smtpmock-bodies iframe{width:100%;height:16em;border:1px solid rgba(128,128,128,.35);border-radius:5px;background:#fff;
 color-scheme:light;box-sizing:border-box;display:block}
.smtpmock-mails{border-collapse:collapse;margin:.4em 0}
.smtpmock-mails th,.smtpmock-mails td{padding:.1em .8em .1em 0;text-align:left;vertical-align:top;
 overflow-wrap:anywhere;border-top:1px solid rgba(128,128,128,.35);font-weight:400}
.smtpmock-mails th{opacity:.65;border-top:0}
.smtpmock-gone{grid-column:2;opacity:.7;font-style:italic;font-size:12px}
</style>"""

# The sandboxed frame cannot run scripts, submit forms, open windows or reach the surrounding page. The policy comes
# before the content of the message, which therefore cannot override it, and blocks what style sheets refer to; frames
# and hints to connect, which it does not stop in every browser, are not among the elements that are shown.
_FRAME_HEAD = (
    "<!DOCTYPE html><meta charset=utf-8>"
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none';frame-src 'none';child-src 'none';"
    "style-src 'unsafe-inline';img-src data:;"
    "form-action 'none';base-uri 'none'\">"
    '<meta http-equiv=x-dns-prefetch-control content=off><base target=_blank><meta name="color-scheme" content="light">'
    "<style>body{font:14px sans-serif;margin:8px}</style>"
)


def render_sessions(sessions: Sequence[SessionEntry], address: str = "", *, about: Iterable[str] = ()) -> str:
    """Return the sessions as a fragment of HTML, limited to those to expand and the most recent ones.

    Args:
        sessions: The sessions, in order.
        address: The address of the server.
        about: The ids of the sessions to expand; by default, the last one and those with refusals.
    """
    chosen = set(about)
    numbers = sorted(range(len(sessions)), key=lambda number: (sessions[number].record.id in chosen, number))
    shown = [sessions[number] for number in sorted(numbers[-_MOST_SESSIONS:])]
    refused = [session for session in shown if any(map(is_refusal, session.record.exchanges))]
    unfolded = chosen or {session.record.id for session in (*refused, *shown[-1:])}
    rest = len(sessions) - len(shown)
    parts = [f'<div class="smtpmock-gone">… {pluralize(rest, "earlier session")}</div>'] if rest else []
    parts += [_session(session, address, unfolded=session.record.id in unfolded) for session in shown]
    if not sessions:
        parts = [f'<div class="smtpmock-gone">{_text(f"No client has connected to {address}.")}</div>']
    return f'{STYLE}<div class="smtpmock">{"".join(parts)}</div>'


def render_message(record: MessageRecord) -> str:
    """Return a message as a fragment of HTML: envelope, headers, text beside HTML, and attachments."""
    return f'{STYLE}<div class="smtpmock"><div class="smtpmock-card">{_mail(record)}</div></div>'


# A session.


def _session(session: SessionEntry, address: str, *, unfolded: bool) -> str:
    record = session.record
    exchanges = record.exchanges[-_MOST_EXCHANGES:]
    rest = len(record.exchanges) - len(exchanges)
    messages = messages_by_exchange(session)
    client = format_address(record.origin.client, record.origin.client_port)
    ends = (f"<span>{_text(end)}</span>" for end in (f"client {client}", f"server {address}"))
    rows = [f'<div class="smtpmock-ends">{"".join(ends)}</div>']
    if rest:
        rows.append(f'<div class="smtpmock-gone">… {pluralize(rest, "earlier exchange")}</div>')
    notes: dict[int, list[str]] = {}
    for found in session_violations(record):
        notes.setdefault(found.exchange.number if found.exchange else 0, []).append(str(found))
    with_body = set(list(messages)[-_MOST_BODIES:])
    for exchange in exchanges:
        message = messages.get(exchange.number)
        rows += _exchange(record.origin.started, exchange, message, has_body=exchange.number in with_body)
        rows += map(_wrong, notes.get(exchange.number, ()))
        codes = message_codes(message) if message is not None else ""
        if codes:
            rows.append(_wrong(codes))
    if record.negotiated.tls_error:
        rows.append(_wrong(f"The TLS handshake failed: {record.negotiated.tls_error}"))
    rows += map(_wrong, notes.get(0, ()))
    return (
        f"<details{' open' if unfolded else ''}><summary>{_text(session_line(session))}</summary>"
        f'<div class="smtpmock-talk">{"".join(rows)}</div></details>'
    )


def _exchange(started: float, exchange: Exchange, message: MessageRecord | None, *, has_body: bool) -> Iterator[str]:
    """Yield a command (left) and its reply (right); a delayed reply is in a row of its own."""
    at = _at(started, exchange.timestamp)
    said = ""
    if is_asked(exchange):
        body = ""
        if message is not None and has_body and message.content.raw:
            body = f"<details><summary>{_mail_line(message)}</summary>{_mail(message)}</details>"
        said = f'<div class="smtpmock-says smtpmock-client">{_lines([format_request(exchange)])}{body}</div>'
    if exchange.delay:
        if said:
            yield f"{at}{_row(said)}"
        at, said = _at(started, exchange.timestamp + exchange.delay), ""
    yield f"{at}{_row(said + _reply(exchange))}"


def _reply(exchange: Exchange) -> str:
    refused = is_refusal(exchange)
    notes = [f"after {round(exchange.delay, 3):g} s"] if exchange.delay else []
    if refused or exchange.rule is not None:
        notes.append(f"because of {format_cause(exchange)}")
    note = f'<span class="smtpmock-note">{_text(", ".join(notes))}</span>' if notes else ""
    kind = f"smtpmock-server{' smtpmock-refused' if refused else ''}{'' if exchange.reply else ' smtpmock-silent'}"
    return f'<div class="smtpmock-says {kind}">{_lines(answers(exchange))}{note}</div>'


def _row(content: str) -> str:
    return f'<div class="smtpmock-row">{content}</div>'


def _at(started: float, timestamp: float) -> str:
    return f'<span class="smtpmock-at">+{max(0.0, timestamp - started):.3f}</span>'


def _lines(lines: Iterable[str]) -> str:
    """Return each line as one text node, so that the page can be searched for it."""
    return "".join(f"<code>{_text(line)}</code>" for line in lines)


def _wrong(text: str) -> str:
    return f'<span class="smtpmock-wrong">{_text(text)}</span>'


# A record.


def _mail_line(record: MessageRecord) -> str:
    return _text(f"{shorten(record.content.subject, 100) or '(no subject)'}, {format_size(len(record.content.raw))}")


def _mail(record: MessageRecord) -> str:
    fields = [("envelope", f"{record.sender or '<>'} → {', '.join(tried_recipients(record)) or 'no recipients'}")]
    if not record.accepted:
        fields.append(("state", record.state))
    refused = [exchange for exchange in record.exchanges if is_refusal(exchange)]
    fields += [
        ("refused", f"{format_request(exchange)}: {' '.join(answers(exchange))} (because of {format_cause(exchange)})")
        for exchange in refused[:_MOST_REFUSED]
    ]
    if len(refused) > _MOST_REFUSED:
        fields.append(("refused", f"… and {len(refused) - _MOST_REFUSED} more"))
    fields += [(name, value) for name in _HEADERS for value in record.content.headers.get_all(name)[:3]]
    fields += [
        ("attachment", f"{found.name or '(no name)'}, {found.content_type}, {format_size(found.size)}")
        for found in record.content.attachments[:20]
    ]
    fields += [("violation", f"{found} {found.where}".rstrip()) for found in message_violations(record)[:20]]
    header = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in fields)
    return f'<div class="smtpmock-mail"><dl>{header}</dl><div class="smtpmock-bodies">{_bodies(record)}</div></div>'


def _bodies(record: MessageRecord) -> str:
    text, html = record.content.text, record.content.html
    parts = [_figure("text", f"<pre>{_text_of_many_lines(text)}</pre>")] if text or not html else []
    if html:
        cut = f" (first {format_size(_MOST_HTML)})" if len(html) > _MOST_HTML else ""
        page = escape(_FRAME_HEAD + safe_html(_readable(_with_images(html[:_MOST_HTML], record))))
        parts.append(_figure(f"HTML{cut}", f'<iframe sandbox="" loading="lazy" srcdoc="{page}"></iframe>'))
    return "".join(parts)


def _figure(caption: str, content: str) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{content}</figure>"


def _with_images(html: str, record: MessageRecord) -> str:
    """Replace references to attached images with the images themselves if they are small and used once."""
    uses = Counter(_REFERENCE.findall(html))
    images = {
        found.content_id: found
        for found in reversed(record.content.attachments)
        if uses[found.content_id] == 1 and found.content_type.startswith("image/") and found.size <= _MOST_IMAGE
    }

    def embedded(reference: re.Match[str]) -> str:
        image = images.get(reference[1])
        if image is None:
            return reference[0]
        return f"data:{image.content_type};base64,{b64encode(image.content).decode()}"

    return _REFERENCE.sub(embedded, html) if images else html


# Text.


def _text(text: str) -> str:
    return escape(shorten(escape_controls(text), _MOST_LINE))


def _text_of_many_lines(text: str) -> str:
    cut = f"\n… and {pluralize(len(text) - _MOST_TEXT, 'more character')}" if len(text) > _MOST_TEXT else ""
    return escape(_readable(text[:_MOST_TEXT])) + cut


def _readable(text: str) -> str:
    """Escape control characters except line ends and tabs."""
    return "\n".join("\t".join(map(escape_controls, line.split("\t"))) for line in text.split("\n"))
