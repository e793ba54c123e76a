# SPDX-License-Identifier: Apache-2.0
# The names of __init__.py with their types; there they are imported on first use.
from pyruntime.errors import ConfigError as ConfigError
from pyruntime.errors import Error as Error
from pyruntime.errors import NotFound as NotFound
from pyruntime.errors import StateError as StateError
from pyruntime.lifecycle.create import CreateRequest as CreateRequest
from pyruntime.lifecycle.create import create as create
from pyruntime.lifecycle.delete import delete as delete
from pyruntime.lifecycle.exec import ExecRequest as ExecRequest
from pyruntime.lifecycle.exec import execute as execute
from pyruntime.lifecycle.freeze import pause as pause
from pyruntime.lifecycle.freeze import processes as processes
from pyruntime.lifecycle.freeze import resume as resume
from pyruntime.lifecycle.kill import kill as kill
from pyruntime.lifecycle.run import run as run
from pyruntime.lifecycle.start import start as start
from pyruntime.lifecycle.status import read as status  # noqa: F401
from pyruntime.log import Log as Log
from pyruntime.spec.load import load_config as load  # noqa: F401
