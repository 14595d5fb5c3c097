"""A collector of traces for tests: gRPC and HTTP, on ports of its own. It decodes with the official definitions and prints
one line of JSON for each request; the first line has the ports. Ends with its standard input.

With --refuse N it answers the first N requests with RESOURCE_EXHAUSTED and a retry delay of 0 s, or 503 over HTTP.
"""
import json
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as traces_grpc

refusals = int(sys.argv[sys.argv.index("--refuse") + 1]) if "--refuse" in sys.argv else 0
lock = threading.Lock()


def refuses() -> bool:
    global refusals
    with lock:
        refusals -= 1
        return refusals >= 0


def tell(way: str, kind: str, request, fields: dict) -> None:
    with lock:
        print(json.dumps({"way": way, "kind": kind, "fields": fields, "request": MessageToDict(request)}), flush=True)


class Traces(traces_grpc.TraceServiceServicer):
    def Export(self, request, context):
        if refuses():
            # google.rpc.Status with code 8 and a RetryInfo of zero.
            status = bytes.fromhex("0808") + b"\x1a\x2e" + b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo" + b"\x12\x02\x0a\x00"
            context.set_trailing_metadata((("grpc-status-details-bin", status),))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much")
        tell("grpc", "traces", request, dict(context.invocation_metadata()))
        return traces.ExportTraceServiceResponse()


class Metrics(metrics_grpc.MetricsServiceServicer):
    def Export(self, request, context):
        tell("grpc", "metrics", request, dict(context.invocation_metadata()))
        return metrics.ExportMetricsServiceResponse()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if refuses():
            self.send_response(503)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        kind = self.path.rsplit("/", 1)[-1]
        message = {"traces": traces.ExportTraceServiceRequest, "metrics": metrics.ExportMetricsServiceRequest}[kind]
        tell("http", kind, message.FromString(body), {k.lower(): v for k, v in self.headers.items()})
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
traces_grpc.add_TraceServiceServicer_to_server(Traces(), server)
metrics_grpc.add_MetricsServiceServicer_to_server(Metrics(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=web.serve_forever, daemon=True).start()
print(json.dumps({"grpc": port, "http": web.server_address[1]}), flush=True)
sys.stdin.read()
server.stop(None)
