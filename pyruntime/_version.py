# SPDX-License-Identifier: Apache-2.0
# Generated from setup.cfg by tools/gen_version.py; do not edit.
VERSION = "0.1.0"
