"""The attachments of a mail, and saving them."""

from __future__ import annotations

from base64 import encodebytes

import pytest

from smtpmock.mail.attachments import Attachment
from smtpmock.mail.content import Content
from tests.mail.contents import MIXED, crlf, multipart, quoted_printable


class TestAttachments:
    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ("Content-Disposition: attachment; filename=a.pdf", "a.pdf"),
            ('Content-Disposition: ATTACHMENT; FILENAME="a; b.pdf"', "a; b.pdf"),
            ('Content-Disposition: attachment; filename="a\\"b\\\\c"', 'a"b\\c'),
            ('Content-Disposition: attachment; filename="open', '"open'),
            ("Content-Disposition: attachment; filename*=utf-8'de'Gr%C3%BC%C3%9Fe", "Grüße"),
            ("Content-Disposition: attachment; filename*=koi8-r''%E4%C1", "Да"),
            ("Content-Disposition: attachment; filename=a; filename*=utf-8''%C3%A4", "ä"),
            ("Content-Disposition: attachment; filename*=utf-8''%C3%A4; filename=a", "ä"),
            ("Content-Disposition: attachment; filename=a; filename*0*=utf-8''%C3; filename*1*=%A4", "ä"),
            ("Content-Disposition: attachment; filename=a; filename*=utf-8''", "a"),
            ("Content-Type: image/png; name=a; name*=utf-8''%C3%A4", "ä"),
            (
                "Content-Disposition: attachment;\n filename*1*=%C3%BC;\n filename*0*=utf-8''Gr;\n"
                ' filename*2="%C3.pdf"',
                "Grü%C3.pdf",
            ),
            ('Content-Disposition: attachment;\n filename*0="long ";\n filename*1="name"', "long name"),
            ('Content-Disposition: attachment; filename="=?utf-8?q?=C3=A4=22.pdf?="', 'ä".pdf'),
            ("Content-Disposition: attachment; filename*=nonsense", "nonsense"),
            ("Content-Disposition: attachment; filename*=nonsense''%E4", "ä"),
            ("Content-Disposition: attachment; filename*=utf-8''%ZZ", "%ZZ"),
            ("Content-Disposition: attachment; filename*=a\0b''%E4", "ä"),
            ("Content-Disposition: attachment; filename*=utf-7''%2B2AA-", "?"),
            ("Content-Disposition: attachment; filename*=a; filename*0=b", ""),
            ("Content-Disposition: attachment; filename*%s=a" % ("1" * 5000), ""),
            ("Content-Disposition: attachment; filename=Grüße", "Grüße"),
            ("Content-Type: image/png; name=b.png", "b.png"),
            ("Content-Disposition: inline; filename=c.txt", "c.txt"),
            ("Content-Disposition: attachment", ""),
            ("Content-Type: image/png", ""),
        ],
    )
    def test_names_are_decoded(self, fields, name):
        (attachment,) = multipart(f"{fields}\n\nxyz").attachments
        assert attachment.name == name
        assert attachment.content == b"xyz"

    def test_inline_images_have_their_content_id(self):
        (image,) = multipart(
            "Content-Type: IMAGE/PNG\nContent-ID: <logo@a.example>\nContent-Disposition: inline\n"
            "Content-Transfer-Encoding: base64\n\niVBORw==",
            "Content-Type: text/html\n\n<img src='cid:logo@a.example'>",
            kind="related",
        ).attachments
        assert (image.content_type, image.content_id, image.content) == (
            "image/png",
            "logo@a.example",
            b"\x89PNG",
        )

    def test_parts_are_numbered_as_in_imap(self):
        image = "Content-Type: image/png\n\nx"
        inner = f"Content-Type: multipart/mixed; boundary=c\n\n--c\n{image}\n--c\n\ntext\n--c\n{image}\n--c--"
        found = multipart("\ntext", inner, image).attachments

        assert [attachment.part_id for attachment in found] == ["2.1", "2.3", "3"]
        assert [attachment.part_id for attachment in Content(crlf(image)).attachments] == ["1"]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ("Content-Type: image/png", False),
            ("Content-Type: image/png\nContent-ID: <a>", True),
            ("Content-Type: image/png\nContent-Disposition: inline; filename=a.png", True),
            ("Content-Type: image/png\nContent-ID: <a>\nContent-Disposition: attachment", False),
            ("Content-Disposition: inline; filename=a.txt", True),
            ("Content-Disposition: attachment; filename=a.txt", False),
        ],
    )
    def test_inline_parts_are_told_from_attachments(self, fields, expected):
        (attachment,) = multipart(f"{fields}\n\nx").attachments
        assert attachment.is_inline is expected

    def test_content_keeps_its_line_ends(self):
        (attachment,) = multipart("Content-Disposition: attachment\n\na\n\n").attachments
        assert attachment.content == b"a\r\n\r\n"
        assert attachment.size == 5

    BYTES = bytes(range(256)) + b"\r\n\n\r\r\nFrom me\r\n.\r\n \xff\xfe\r"

    @pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", "binary", "7bit", ""])
    @pytest.mark.parametrize(
        "kind", ["image/png", "text/csv; charset=utf-16", "message/rfc822", "message/delivery-status"]
    )
    def test_content_is_exact(self, encoding, kind):
        encode = {"base64": encodebytes, "quoted-printable": quoted_printable}.get(encoding, bytes)
        head = f"Content-Type: {kind}\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: {encoding}"
        part = head.encode() + b"\r\n\r\n" + encode(self.BYTES)
        in_two = MIXED + b"--b\r\n" + part + b"\r\n--b--\r\n"
        for raw in (part, in_two):
            (attachment,) = Content(raw).attachments
            assert attachment.content == self.BYTES
            assert attachment.content_type == kind.partition(";")[0]

    def test_a_forwarded_mail_is_the_exact_mail(self):
        inner = (
            b"Subject:  a\r\n\tb  \r\nfrom:x\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
            b"--c\r\n\r\nFrom \xe4\r\n--c--\r\n"
        )
        outer = MIXED + b"--b\r\nContent-Type: message/rfc822\r\n\r\n%b\r\n--b--"
        assert [a.content for a in Content(outer % inner).attachments] == [inner]
        assert Content(outer % inner).text == "From \ufffd"

    @pytest.mark.parametrize(("size", "shown"), [(0, "0 B"), (999, "999 B"), (1200, "1.2 kB"), (2_500_000, "2.5 MB")])
    def test_repr_shows_the_size(self, size, shown):
        attachment = Attachment("invoice.pdf", "application/pdf", b"x" * size)
        assert repr(attachment) == f"<Attachment 'invoice.pdf' application/pdf {shown}>"

    def test_are_frozen(self):
        with pytest.raises(AttributeError):
            Attachment("a", "b/c", b"").name = "x"


class TestSave:
    @staticmethod
    def save(name, folder):
        return Attachment(name, "text/plain", b"new").save(folder)

    @pytest.mark.parametrize(
        ("name", "saved"),
        [
            ("invoice.pdf", "invoice.pdf"),
            ("../../x", "x"),
            ("/etc/passwd", "passwd"),
            ("C:\\x", "x"),
            ("C:x", "C_x"),
            ("..\\..\\x.txt", "x.txt"),
            ("a\0b\nc\x7f.txt", "a_b_c_.txt"),
            ("a\u202efdp.exe", "a_fdp.exe"),
            ("a\ud800b", "a_b"),
            ("", "attachment"),
            (".", "attachment"),
            ("..", "attachment"),
            ("dir/", "attachment"),
            ("/", "attachment"),
            (" . ", "attachment"),
            ("a:b|c?.txt", "a_b_c_.txt"),
            (".profile", "profile"),
            ("Grüße 1.tar.gz", "Grüße 1.tar.gz"),
            ("x" * 5000 + ".pdf", "x" * 180 + ".pdf"),
            ("ä" * 5000, "ä" * 90),
            ("a." + "b" * 5000, "a." + "b" * 178),
        ],
    )
    def test_never_leaves_the_folder(self, tmp_path, name, saved):
        folder = tmp_path / "in" / "folder"
        path = self.save(name, f"{folder}/")
        assert path == folder / saved
        assert path.read_bytes() == b"new"
        assert sorted(tmp_path.rglob("*")) == [tmp_path / "in", folder, path]

    def test_does_not_overwrite(self, tmp_path):
        (tmp_path / "a.tar.gz").write_text("old")
        paths = [self.save("a.tar.gz", str(tmp_path)).name for _ in range(3)]
        assert paths == ["a.tar-1.gz", "a.tar-2.gz", "a.tar-3.gz"]
        assert (tmp_path / "a.tar.gz").read_text() == "old"

    @pytest.mark.parametrize("exists", [True, False])
    def test_does_not_follow_a_planted_symlink(self, tmp_path, exists):
        target, folder = tmp_path / "target", tmp_path / "folder"
        folder.mkdir()
        if exists:
            target.write_text("old")
        (folder / "a.txt").symlink_to(target)
        assert self.save("a.txt", folder) == folder / "a-1.txt"
        assert target.exists() == exists
        assert not exists or target.read_text() == "old"

    def test_goes_round_a_folder_of_that_name(self, tmp_path):
        (tmp_path / "a").mkdir()
        assert self.save("a", tmp_path) == tmp_path / "a-1"

    def test_says_so_when_the_folder_cannot_be_made(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match="file"):
            self.save("a", tmp_path / "file" / "folder/")

    def test_takes_the_path_of_a_file_as_well(self, tmp_path):
        path = tmp_path / "new" / "b.txt"
        assert self.save("../a.txt", path) == path
        path.write_text("old")
        assert self.save("a.txt", str(path)).read_bytes() == b"new"
        assert list(tmp_path.rglob("*.txt")) == [path]
