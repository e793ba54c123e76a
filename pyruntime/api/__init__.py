# SPDX-License-Identifier: Apache-2.0
"""The runtime as a library: `import pyruntime` has its names, docs/python.md its use.

Nothing here is on the way of the command line, and nothing here is global: what belongs to the
process (directory, environment, signals, umask, children that are not containers) stays as it is.
"""
