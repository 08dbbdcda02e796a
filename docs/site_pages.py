"""The pages of the site that are made when it is built: the start page, from the README, and the page of keywords."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from render_keywords import render  # noqa: E402  (beside this file, which MkDocs loads as a hook)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages."""
    files.append(File.generated(config, "index.md", content=_start_page(config.site_url)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "keywords.html"
        render(path)
        files.append(File.generated(config, "keywords.html", content=path.read_text(encoding="utf-8")))
    return files


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Fail if a page would load anything from another host.

    Raises:
        PluginError: If it would.
    """
    loaded = re.findall(r'<(?:script|img|iframe|source)[^>]+src="(https?:[^"]+)', output)
    loaded += re.findall(r'<link[^>]+rel="(?!canonical|next|prev)[^>]+href="(https?:[^"]+)', output)
    if loaded:
        raise PluginError(f"{page.file.src_uri} loads {loaded[0]} from another host")
    return output


def _start_page(site: str) -> str:
    """Return the README with links within the site instead of absolute ones, which are for package indexes."""
    text = (HERE.parent / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/main/docs/", "", text)
    return re.sub(rf"\]\({re.escape(site)}([\w/-]+)/(#[\w-]+)?\)", r"](\1.md\2)", text)
