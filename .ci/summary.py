"""Ends a run with the tests that failed, and one plain line of what its test programs counted."""
import pathlib
import re
import sys

LINES = 30

log = pathlib.Path(sys.argv[1], "log").read_text(errors="replace")
found = re.findall(r"total:\s*(\d+).*?failed:\s*(\d+).*?succeeded:\s*(\d+).*?skipped:\s*(\d+)", log, re.S)
if not found:
    sys.exit("no test summary was printed")
_, failed, passed, skipped = found[-1]
# What a test said stands indented under its name, somewhere in thousands of lines.
for block in re.findall(r"^failed \S.*\n(?:[ \t].*\n|\n)*", log, re.M):
    print("\n".join(block.rstrip().splitlines()[:LINES]))
print(f"{passed} passed, {failed} failed, {skipped} skipped")
