# SPDX-License-Identifier: Apache-2.0
"""A client of the Kubernetes runtime interface, as a program of its own.

    python3 cri_client.py SOCKET

reads lines of JSON, {"service": "Runtime", "method": "Version", "request": {...}}, and answers
each with {"answer": {...}} or {"error": "..."}. gRPC has threads, which the tests' own process,
where others fork, had better not have.
"""

from __future__ import annotations

import json
import sys

import grpc
from cri_api.v1 import api_pb2, api_pb2_grpc
from google.protobuf.json_format import MessageToDict, ParseDict

PATIENCE = 60
FORM = {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True}


def main(socket: str) -> None:
    channel = grpc.insecure_channel(f"unix://{socket}")
    stubs = {
        "Runtime": api_pb2_grpc.RuntimeServiceStub(channel),
        "Image": api_pb2_grpc.ImageServiceStub(channel),
    }
    for line in sys.stdin:
        call = json.loads(line)
        request = ParseDict(call["request"], getattr(api_pb2, f"{call['method']}Request")())
        try:
            answer = getattr(stubs[call["service"]], call["method"])(request, timeout=PATIENCE)
            found = {"answer": MessageToDict(answer, **FORM)}
        except grpc.RpcError as err:
            found = {"error": str(err.details())}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
