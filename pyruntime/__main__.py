# SPDX-License-Identifier: Apache-2.0
"""Entry stub: a script is compiled anew at each start, so it only hands over."""

import sys

sys.path.insert(0, __file__.rpartition("/pyruntime/")[0])
# A launcher built in place names the site-packages of the build: the tree holds no cffi.
if "pyruntime_site" in sys._xoptions:
    sys.path.append(str(sys._xoptions["pyruntime_site"]))

from pyruntime.cli.main import main

main(sys.argv)
