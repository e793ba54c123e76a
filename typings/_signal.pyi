# SPDX-License-Identifier: Apache-2.0
# The C half of `signal`, which hot commands import without its enums: same names and types.
from signal import *
