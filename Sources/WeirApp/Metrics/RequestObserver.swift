import API
import HTTP
import HTTPServer
import Logging
import Metrics
import OpenTelemetry
import Synchronization

/// Counts and logs requests by route pattern; it never gets a secret or a query.
final class RequestObserver: ServerObserver {
    private let proxies: TrustedProxies?
    private let logger: Logger
    private let spans: SpanRecorder
    private let requests: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>
    private let ofOriginal: Counter
    private let platform: PlatformRequests
    private let received: Counter
    private let sent: Counter
    private let connections: Counter
    private let open: Gauge
    private let refusedConnections: MetricFamily<Counter>
    private let refusedRequests: MetricFamily<Counter>
    // Guards the series seen so far, as many as there are combinations of labels: one lookup per request.
    private let series = Mutex<[SeriesKey: Series]>([:])

    private struct SeriesKey: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    private struct Series {
        let requests: Counter
        let durations: Histogram
    }

    init(
        proxies: TrustedProxies?,
        registry: Registry,
        endpoints: [Endpoint] = [],
        spans: SpanRecorder,
        logger: Logger
    ) {
        self.proxies = proxies
        platform = PlatformRequests(registry: registry)
        platform.prepare(endpoints)
        self.logger = logger
        self.spans = spans
        requests = registry.counterFamily(
            "weir_http_requests_total",
            help: "Requests that were answered, by route; status 0 is a client that went away.",
            labels: ["route", "method", "status"]
        )
        durations = registry.histogramFamily(
            "weir_http_request_duration_seconds",
            help: "Time from the end of a request's head to the end of its answer.",
            labels: ["route", "method"]
        )
        ofOriginal = registry.counter(
            "noetl_request_total",
            help: "Total HTTP requests served"
        )
        received = registry.counter("weir_http_request_bytes_total", help: "Bytes of request bodies.")
        sent = registry.counter("weir_http_response_bytes_total", help: "Bytes of answers, heads included.")
        connections = registry.counter("weir_http_connections_total", help: "Connections that were taken.")
        open = registry.gauge("weir_http_open_connections", help: "Connections that are open.")
        refusedConnections = registry.counterFamily(
            "weir_http_connections_refused_total",
            help: "Connections that were not served.",
            labels: ["reason"]
        )
        refusedRequests = registry.counterFamily(
            "weir_http_requests_refused_total",
            help: "Requests that broke a rule or a limit of HTTP.",
            labels: ["reason"]
        )
    }

    func connectionOpened() {
        connections.increment()
        open.increment()
    }

    func connectionClosed() {
        open.decrement()
    }

    func connectionRefused(reason: String) {
        refusedConnections.child(reason).increment()
    }

    func requestRefused(reason: String) {
        refusedRequests.child(reason).increment()
    }

    func requestFinished(_ record: RequestRecord) {
        let route = record.route?.path ?? "none"
        let key = SeriesKey(
            route: route,
            method: Self.label(record.head.method),
            status: record.status?.code ?? 0
        )
        let series = series(key)
        series.requests.increment()
        if !record.head.path.hasPrefix("/metrics") { ofOriginal.increment() }
        series.durations.observe(record.duration)
        platform.count(
            method: key.method,
            path: record.head.path,
            pattern: record.route?.path,
            status: key.status,
            duration: record.duration
        )
        received.increment(by: record.requestBytes)
        sent.increment(by: record.responseBytes)
        if spans.isRecording { spans.record(record, route) }
        log(record, route, isRoutine: record.route?.isRoutine ?? false)
    }

    private func series(_ key: SeriesKey) -> Series {
        series.withLock { known in
            if let series = known[key] { return series }
            let series = Series(
                requests: requests.child(key.route, key.method, String(key.status)),
                durations: durations.child(key.route, key.method)
            )
            known[key] = series
            return series
        }
    }

    private static func label(_ method: Method) -> String {
        if case .other = method { return "other" }
        return method.name
    }

    /// Probes and acknowledged events come by the thousand and are of no interest one by one: they are logged at
    /// debug.
    private func log(_ record: RequestRecord, _ route: String, isRoutine: Bool) {
        let code = record.status?.code ?? 0
        let level: Logger.Level =
            code >= 500 ? .warning : isRoutine && (200..<400).contains(code) ? .debug : .info
        guard logger.logLevel <= level else { return }
        let head = IngestPrefix(record.head)?.head ?? record.head
        let peer = proxies?.client(of: record.connection.peer, head.fields) ?? record.connection.peer
        let milliseconds =
            Double(record.duration.components.attoseconds / 1_000_000_000_000) / 1000
            + Double(record.duration.components.seconds * 1000)
        logger.log(
            level: level,
            "request",
            metadata: [
                "request.id": "\(record.id)",
                "http.method": "\(head.method.name.prefix(32))",
                "http.path": "\(IngestPrefix.masked(head.path).prefix(512))",
                "http.route": "\(route)",
                "http.status": .stringConvertible(code),
                "http.duration_ms": .stringConvertible(milliseconds),
                "http.request_bytes": .stringConvertible(record.requestBytes),
                "http.response_bytes": .stringConvertible(record.responseBytes),
                "client": "\(peer.address.isEmpty ? "unix" : peer.address)",
            ]
        )
    }
}
