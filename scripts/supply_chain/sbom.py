"""Writes the bill of materials: `make sbom`, or for another environment `--python /opt/tasador/bin/python`."""

import argparse
import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.supply_chain.bill import SHIPPED, bill_of_materials
from scripts.supply_chain.exceptions import POLICY, PolicyError, read_policy
from scripts.supply_chain.system import system_components
from scripts.supply_chain.tools import ToolError


def main() -> None:
    """Writes the file and says what is in it; the same bytes again where nothing changed."""
    arguments = argparse.ArgumentParser(description="Write the bill of materials in CycloneDX JSON.")
    arguments.add_argument("--python", default=sys.executable, help="interpreter of the environment that is shipped")
    arguments.add_argument("--output", type=Path, default=Path("build", "sbom.cdx.json"))
    arguments.add_argument("--requirements", action="append", help=f"what it has (default: {' and '.join(SHIPPED)})")
    arguments.add_argument("--system", type=Path, help="folder of Debian's records of what lies under it in an image")
    chosen = arguments.parse_args()
    try:
        bill = bill_of_materials(chosen.python, read_policy(POLICY), chosen.requirements or SHIPPED)
        bill["components"] += system_components(chosen.system) if chosen.system else []
    except (ToolError, PolicyError) as error:
        sys.exit(f"No bill of materials: {error}.")
    written = json.dumps(bill, indent=2, ensure_ascii=False) + "\n"
    if fault := JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"])).validate_str(written):
        sys.exit(f"No bill of materials: it is not valid CycloneDX {bill['specVersion']}: {fault}")
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(written, "utf-8")
    hashes = sum(
        len(one.get("hashes", ())) for part in bill["components"] for one in part.get("externalReferences", ())
    )
    print(
        f"{chosen.output}: CycloneDX {bill['specVersion']}, valid: tasador {bill['metadata']['component']['version']} "
        f"with its kernel, {len(bill['components'])} components, {hashes} hashes of their files."
    )


if __name__ == "__main__":
    main()
