"""Transfer encodings of parts (RFC 2045 section 6), decoded as far as possible."""

from __future__ import annotations

from binascii import Error, a2b_base64, a2b_qp, a2b_uu


def decode_base64(data: bytes) -> bytes:
    """Return base64 decoded, even without padding; data that cannot be decoded is returned unchanged.

    Example:
        >>> decode_base64(b"SGVsbG8")
        b'Hello'
    """
    for padding in (b"", b"=="):
        try:
            return a2b_base64(data + padding)
        except Error:
            continue
    return data


def decode_quoted_printable(data: bytes) -> bytes:
    """Return quoted-printable decoded; anything that cannot be decoded is left unchanged.

    Example:
        >>> decode_quoted_printable(b"a=3Db=")
        b'a=b'
    """
    return a2b_qp(data)


def decode_uuencoded(data: bytes) -> bytes:
    r"""Return the first uuencoded file in the data decoded; data without one is returned unchanged.

    Example:
        >>> decode_uuencoded(b"begin 644 name\n%2&5L;&\\ \nend\n")
        b'Hello'
    """
    lines = iter(data.splitlines())
    if not any(_begins(line) for line in lines):
        return data
    decoded = []
    for line in lines:
        if line.strip() == b"end":
            break
        if not line:
            return data
        try:
            decoded.append(a2b_uu(line))
        except Error:  # surplus characters at the end of the line, which some encoders add
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                decoded.append(a2b_uu(line[:length]))
            except Error:
                return data
    return b"".join(decoded)


def _begins(line: bytes) -> bool:
    word, _, rest = line.partition(b" ")
    mode = rest.partition(b" ")[0]
    return word == b"begin" and mode.isdigit() and not mode.strip(b"01234567")
