"""Requests that the description allows since JSON Schema can't say what is wrong with them; none of them is sent."""

import schemathesis
from schemathesis.generation import GenerationMode


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if isinstance(case.query, dict):
        # A cursor comes from the page before, and no pattern tells it from another text.
        case.query.pop("cursor", None)
        # One of the two: a parameter can't exclude another one in OpenAPI.
        if "window_days" in case.query:
            case.query.pop("window_hours", None)
    if case.path.startswith(("/api/metrics", "/api/worker", "/api/runtime", "/api/broker")):
        # Members of any name and content, but PostgreSQL holds no U+0000.
        case.body = without_nul(case.body)
        for metric in case.body.get("metrics") or [] if isinstance(case.body, dict) else []:
            # No calendar has such a year.
            if isinstance(metric, dict) and isinstance(metric.get("timestamp"), (int, float)) and abs(metric["timestamp"]) > 1e12:
                metric["timestamp"] = 0
    body = case.body.get("runs", case.body) if isinstance(case.body, dict) else case.body
    for run in body if isinstance(body, list) else [body]:
        if isinstance(run, dict):
            # Objects of any content, but PostgreSQL holds no U+0000.
            for member in ("metrics_json", "context_json"):
                if member in run:
                    run[member] = without_nul(run[member])


def without_nul(value):
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {without_nul(key): without_nul(item) for key, item in value.items()}
    return value
