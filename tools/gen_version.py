# SPDX-License-Identifier: Apache-2.0
"""Write pyruntime/_version.py from setup.cfg, the one place of the version.

python3 tools/gen_version.py           write it
python3 tools/gen_version.py --check   exit 1 when the file on disk differs
"""

from __future__ import annotations

import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "pyruntime/_version.py"


def module() -> str:
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    return (
        "# SPDX-License-Identifier: Apache-2.0\n"
        "# Generated from setup.cfg by tools/gen_version.py; do not edit.\n"
        f'VERSION = "{config["metadata"]["version"]}"\n'
    )


def main() -> int:
    if "--check" not in sys.argv:
        MODULE.write_text(module())
    elif not MODULE.exists() or MODULE.read_text() != module():
        print(f"{MODULE.relative_to(ROOT)}: stale; run python3 tools/gen_version.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
