"""Generate keywords.html with libdoc: python docs/render_keywords.py."""

import os
from pathlib import Path

from robot.libdocpkg import LibraryDocumentation

PAGE = Path(__file__).with_name("keywords.html")

if __name__ == "__main__":
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")  # the same input generates the same page
    library = LibraryDocumentation("SMTPMockLibrary")
    library.source = None  # the place where the library is installed here
    for found in (*library.inits, *library.keywords):
        found.source = None
    library.convert_docs_to_html()
    library.save(str(PAGE), "HTML")
