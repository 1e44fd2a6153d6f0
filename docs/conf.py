"""How the site is made: `sphinx-build -W docs build/site`. Nothing is fetched."""

import os

import commonplace

# The adapter of CrewAI is imported for its docstrings, and CrewAI reports when it is imported.
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false")

project = "Commonplace"
author = "The Commonplace developers"
copyright = "the Commonplace developers, MIT licence"
release = version = commonplace.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["images/**"]
nitpick_ignore_regex = [("py:.*", ".*")]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
# Links that leave the site are to files beside docs/, and to other hosts.
suppress_warnings: list[str] = []

default_role = "code"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"Commonplace {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
