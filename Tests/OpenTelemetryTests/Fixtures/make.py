#!/usr/bin/env python3
"""Writes the fixtures with the official definitions: traces.hex, traces.json, metrics.hex, metrics.json.

Needs the packages of scripts/lib/opentelemetry.txt."""

import pathlib

from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from google.protobuf import any_pb2, duration_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.metrics.v1 import metrics_pb2 as m
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as t

START = 1_764_400_000_000_000_001
TRACE = bytes(range(1, 17))
SPAN = bytes(range(0xA1, 0xA9))


def text(value):
    return AnyValue(string_value=value)


def attributes(**values):
    return [KeyValue(key=key.replace("__", "."), value=value) for key, value in values.items()]


RESOURCE = Resource(attributes=attributes(service__name=text("märz")), dropped_attributes_count=7)
SCOPE = InstrumentationScope(name="weir", version="1.2", attributes=attributes(a=AnyValue(bool_value=False)))

EVERY = attributes(
    text=text(""),
    yes=AnyValue(bool_value=True),
    least=AnyValue(int_value=-(2**63)),
    half=AnyValue(double_value=0.5),
    endless=AnyValue(double_value=float("-inf")),
    bytes=AnyValue(bytes_value=b"\x00\xff\xfe"),
    none=AnyValue(),
    list=AnyValue(array_value=ArrayValue(values=[text("x"), AnyValue(array_value=ArrayValue()), AnyValue()])),
    map=AnyValue(kvlist_value=KeyValueList(values=attributes(k=AnyValue(int_value=3)))),
)

first = t.Span(
    trace_id=TRACE,
    span_id=SPAN,
    trace_state="v=1",
    parent_span_id=bytes(range(0xB1, 0xB9)),
    flags=0x301,
    name="align",
    kind=t.Span.SPAN_KIND_CONSUMER,
    start_time_unix_nano=START,
    end_time_unix_nano=START + 5,
    attributes=EVERY,
    dropped_attributes_count=1,
    events=[t.Span.Event(time_unix_nano=START + 1, name="e", attributes=attributes(n=text("1")), dropped_attributes_count=2)],
    dropped_events_count=3,
    links=[
        t.Span.Link(
            trace_id=TRACE, span_id=SPAN, trace_state="l=2", attributes=attributes(m=text("2")),
            dropped_attributes_count=4, flags=0x101,
        )
    ],
    dropped_links_count=5,
    status=t.Status(code=t.Status.STATUS_CODE_ERROR, message="no"),
)
second = t.Span(trace_id=TRACE, span_id=bytes(range(0xC1, 0xC9)), name="x" * 200)
traces = trace_service_pb2.ExportTraceServiceRequest(
    resource_spans=[
        t.ResourceSpans(
            resource=RESOURCE,
            schema_url="https://example.org",
            scope_spans=[
                t.ScopeSpans(scope=SCOPE, spans=[first], schema_url="https://example.org"),
                t.ScopeSpans(spans=[second]),
            ],
        )
    ]
)

EXEMPLAR = m.Exemplar(
    filtered_attributes=attributes(f=text("y")), time_unix_nano=START, as_double=1.5, span_id=SPAN, trace_id=TRACE
)
PLACE = {"start_time_unix_nano": START, "time_unix_nano": START + 9}


def place():
    return {"attributes": attributes(host=text("a")), **PLACE}


CUMULATIVE = m.AGGREGATION_TEMPORALITY_CUMULATIVE
metrics = metrics_service_pb2.ExportMetricsServiceRequest(
    resource_metrics=[
        m.ResourceMetrics(
            resource=Resource(attributes=RESOURCE.attributes),
            scope_metrics=[
                m.ScopeMetrics(
                    scope=SCOPE,
                    metrics=[
                        m.Metric(
                            name="level", description="d", unit="1",
                            gauge=m.Gauge(data_points=[
                                m.NumberDataPoint(as_double=-2.5, **place()),
                                m.NumberDataPoint(flags=1, **PLACE),
                            ]),
                        ),
                        m.Metric(
                            name="calls",
                            sum=m.Sum(
                                data_points=[m.NumberDataPoint(as_int=-7, exemplars=[EXEMPLAR], **place())],
                                aggregation_temporality=CUMULATIVE, is_monotonic=True,
                            ),
                        ),
                        m.Metric(
                            name="took",
                            histogram=m.Histogram(
                                data_points=[m.HistogramDataPoint(
                                    count=6, sum=2.25, bucket_counts=[1, 2, 3], explicit_bounds=[0.1, 1],
                                    exemplars=[EXEMPLAR], min=0, max=9, **place(),
                                )],
                                aggregation_temporality=m.AGGREGATION_TEMPORALITY_DELTA,
                            ),
                        ),
                        m.Metric(
                            name="wide",
                            exponential_histogram=m.ExponentialHistogram(
                                data_points=[m.ExponentialHistogramDataPoint(
                                    count=9, sum=4, scale=-3, zero_count=2, zero_threshold=0.25,
                                    positive=m.ExponentialHistogramDataPoint.Buckets(offset=-2, bucket_counts=[0, 300, 1]),
                                    negative=m.ExponentialHistogramDataPoint.Buckets(bucket_counts=[4]),
                                    **place(),
                                )],
                                aggregation_temporality=CUMULATIVE,
                            ),
                        ),
                        m.Metric(
                            name="old",
                            summary=m.Summary(data_points=[m.SummaryDataPoint(
                                count=3, sum=1.5,
                                quantile_values=[m.SummaryDataPoint.ValueAtQuantile(quantile=0.5, value=0.25)],
                                **place(),
                            )]),
                        ),
                    ],
                )
            ],
        )
    ]
)


def otlp_json(message):
    """OTLP/JSON: that of proto3, but with hexadecimal ids and numbers for enumerations."""
    value = json_format.MessageToDict(message, use_integers_for_enums=True)

    def fix(value):
        if isinstance(value, dict):
            for key in value:
                if key in ("traceId", "spanId", "parentSpanId"):
                    import base64

                    value[key] = base64.b64decode(value[key]).hex()
                else:
                    fix(value[key])
        elif isinstance(value, list):
            for element in value:
                fix(element)

    fix(value)
    return value


if __name__ == "__main__":
    import json

    folder = pathlib.Path(__file__).parent
    for name, message in (("traces", traces), ("metrics", metrics)):
        octets = message.SerializeToString(deterministic=True)
        (folder / f"{name}.hex").write_text(octets.hex() + "\n")
        (folder / f"{name}.json").write_text(json.dumps(otlp_json(message), ensure_ascii=False) + "\n")
    info = any_pb2.Any()
    info.Pack(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=2, nanos=500_000_000)))
    status = status_pb2.Status(code=14, message="later", details=[info])
    print("status", status.SerializeToString(deterministic=True).hex())
    print("status", json_format.MessageToJson(status, indent=None))
    answer = trace_service_pb2.ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 3
    answer.partial_success.error_message = "no"
    print("response", answer.SerializeToString(deterministic=True).hex())
