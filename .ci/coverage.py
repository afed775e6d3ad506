"""Prints the line coverage of the control plane and the stores, without generated code, merged over all test programs of a run."""
import pathlib
import sys
import xml.etree.ElementTree as ET

AIM = 90.0
JUDGED = ("OrleansJobGrid.Grains", "OrleansJobGrid.Storage.Sqlite", "OrleansJobGrid.Storage.Redis")

hits: dict[str, dict[tuple[str, int], bool]] = {}
for report in pathlib.Path(sys.argv[1]).rglob("*.cobertura.xml"):
    for package in ET.parse(report).getroot().iter("package"):
        name = package.get("name", "").removesuffix(".dll")
        lines = hits.setdefault(name, {})
        for cls in package.iter("class"):
            file = cls.get("filename", "")
            # What source generators wrote is nobody's to test.
            if "/obj/" in file:
                continue
            for line in cls.iter("line"):
                key = (file, int(line.get("number", "0")))
                lines[key] = lines.get(key, False) or int(line.get("hits", "0")) > 0
if not hits:
    sys.exit("no coverage report was written")
for name in JUDGED:
    lines = hits.get(name, {})
    if not lines:
        sys.exit(f"{name} is in no report")
    covered = sum(lines.values())
    print(f"{name:32} {100 * covered / len(lines):5.1f} %  {covered}/{len(lines)}  (aim {AIM:.0f} %)")
