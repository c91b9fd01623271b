"""What lies under the libraries in an image: Python, and the packages of Debian that scripts.image_root recorded."""

import platform
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

Component = dict[str, Any]


def system_components(records: Path) -> list[Component]:
    """Components by `status.d`'s records, one file a package, and the Python that this runs in."""
    packages = [HeaderParser().parsestr(file.read_text("utf-8")) for file in sorted(records.iterdir())]
    versions = [(one["Package"], one["Version"], one["Architecture"]) for one in packages]
    return [
        _component("cpython", platform.python_version(), "pkg:generic/python@{version}"),
        *(
            _component(name, version, f"pkg:deb/debian/{{name}}@{{version}}?arch={kind}")
            for name, version, kind in versions
        ),
    ]


def _component(name: str, version: str, form: str) -> Component:
    purl = form.format(name=quote(name, safe=""), version=quote(version, safe=""))
    return {"bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl}
