"""Prints the line coverage of the control plane and the stores, merged over all test programs of a run."""
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
            for line in cls.iter("line"):
                key = (cls.get("filename", ""), int(line.get("number", "0")))
                lines[key] = lines.get(key, False) or int(line.get("hits", "0")) > 0
if not hits:
    sys.exit("no coverage report was written")
for name in sorted(hits):
    covered, total = sum(hits[name].values()), len(hits[name])
    if total:
        judged = f" (aim {AIM:.0f} %)" if name in JUDGED else ""
        print(f"{name:40} {100 * covered / total:5.1f} %  {covered}/{total}{judged}")
