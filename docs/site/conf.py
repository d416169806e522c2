"""Sphinx: the pages that stage.py writes, as a site. Run by scripts/site."""

import pathlib

project = "PositTune"
extensions = ["myst_parser"]
myst_heading_anchors = 4
# Generated tables have headings of the third level below the page's title.
suppress_warnings = ["myst.header"]
# Code without a language is text.
highlight_language = "none"
smartquotes = False  # -- begins an option
html_theme = "furo"
html_title = "PositTune"
html_static_path = [str(pathlib.Path(__file__).resolve().parent / "static")]
html_css_files = ["site.css"]
html_use_index = False
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
