internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal
internal import Postgres

/// The endpoints that look after stored samples: partitions, retention, lifetimes. Contract noetl §1.6.
struct CareRoutes: Sendable {
    static let daysAhead = APIParameter(
        "days_ahead",
        APIType(.integer),
        "How many days beyond today.",
        fallback: "7"
    )
    static let metricName = APIParameter.text("metric_name", "The name of the metric.")
    static let componentName = APIParameter.text("component_name", "The name of the component.")
    static let ttlDays = APIParameter.integer("ttl_days", 0...36_500, default: 1, "The lifetime in days.")

    let journal: Journal
    let board: WorkersProjection.Board
    let reader: StoreReader
    let keep: Duration
    private let partitions = DayPartitions(table: "sample_block")

    init(journal: Journal, board: WorkersProjection.Board, reader: StoreReader, keep: Duration) {
        self.journal = journal
        self.board = board
        self.reader = reader
        self.keep = keep
    }

    var all: [Endpoint] { [listPartitions, createPartitions, cleanUp, setTTL, extendTTL] }

    /// The name of a day's partition as the original had it: dashboards look for it.
    static func shownName(_ day: Timestamp) -> String {
        let digits = day.yyyymmdd
        return "metric_\(digits.prefix(4))_\(digits.dropFirst(4).prefix(2))_\(digits.suffix(2))"
    }

    // MARK: - Partitions

    private var listPartitions: Endpoint {
        .reading(
            "/api/metrics/partitions",
            tag: WorkersRoutes.tag,
            "The days of which samples are stored.",
            answers: [APIAnswer(200, "The result.", .named(WorkersSchemas.partitions))],
            from: reader,
            reading: { _ in },
            answer: { _, _, connection in .json(try PartitionsStore.list(on: connection)) }
        )
    }

    private var createPartitions: Endpoint {
        endpoint(
            "/api/metrics/partitions/create",
            "Makes the tables of today and the next days.",
            [Self.daysAhead]
        ) {
            request in
            var parameters = ParameterReader(request.query)
            let sent = parameters.number(Self.daysAhead)?.clamped ?? 7
            if let refusal = Self.refusal(parameters) { return refusal }
            // Further ones are made on demand.
            let days = Int(min(sent, 366))
            return await reader.answer(.detail, changes: true) { [partitions] connection in
                let today = request.receivedAt.startOfDay
                let wanted = days < 0 ? [] : (0...days).map { today.adding(seconds: $0 * 86_400) }
                try partitions.ensure(wanted, on: connection)
                return WorkersRoutes.object { answer in
                    answer.member("status", "ok")
                    answer.array("created_partitions") { list in
                        for day in wanted { list.value(Self.shownName(day)) }
                    }
                    answer.member("created_count", wanted.count)
                    answer.member("days_ahead", sent)
                    answer.member("message", "Created \(wanted.count) metric partitions")
                }
            }
        }
    }

    private var cleanUp: Endpoint {
        endpoint("/api/metrics/cleanup", "Drops the tables of days whose samples have all expired.") {
            request in
            await reader.answer(.detail, changes: true) { [partitions, keep] connection in
                let end = try SampleCareStore.firstKeptDay(request.receivedAt - keep, on: connection)
                let old = try partitions.days(on: connection).filter { $0 < end }
                let dropped = try partitions.drop(before: end, on: connection)
                try SampleCareStore.dropped(dropped, before: end, on: connection)
                return WorkersRoutes.object { answer in
                    answer.member("status", "ok")
                    answer.array("dropped_partitions") { list in
                        for day in old { list.value(Self.shownName(day)) }
                    }
                    answer.member("dropped_count", old.count)
                    answer.member("message", "Dropped \(old.count) expired metric partitions")
                }
            }
        }
    }

    // MARK: - Lifetimes

    private var setTTL: Endpoint {
        endpoint(
            "/api/metrics/ttl/set",
            "Gives the samples of a metric another lifetime.",
            [Self.metricName, Self.ttlDays]
        ) {
            request in
            var parameters = ParameterReader(request.query)
            let metric = Self.name(Self.metricName, atMost: ReportLimits().nameBytes, &parameters)
            let days = parameters.count(Self.ttlDays)
            if let refusal = Self.refusal(parameters) { return refusal }
            return await change(TTLChange(metric: metric, component: nil, days: Int64(days))) { updated in
                "Updated TTL for \(updated) metrics named '\(metric)'"
            }
        }
    }

    private var extendTTL: Endpoint {
        let path = "/api/metrics/ttl/extend-component"
        return endpoint(
            path,
            "Gives the samples of a component another lifetime.",
            [Self.componentName, Self.ttlDays]
        ) {
            request in
            var parameters = ParameterReader(request.query)
            let component = Self.name(Self.componentName, atMost: ComponentKey.longestName, &parameters)
            let days = parameters.count(Self.ttlDays)
            if let refusal = Self.refusal(parameters) { return refusal }
            return await change(TTLChange(metric: nil, component: component, days: Int64(days))) { updated in
                "Extended TTL for \(updated) metrics from component '\(component)'"
            }
        }
    }

    private static func name(_ parameter: APIParameter, atMost bytes: Int, _ reader: inout ParameterReader)
        -> String
    {
        guard let text = reader.requiredText(parameter), !text.isEmpty else { return "" }
        return reader.value(parameter, or: .tooLong(bytes)) { $0.utf8.count <= bytes ? $0 : nil } ?? ""
    }

    /// Sets a lifetime, and counts the samples of its series; the loader, for which others wait, does not count.
    private func change(_ change: TTLChange, _ message: @escaping @Sendable (Int64) -> String) async
        -> Response
    {
        do throws(JournalError) {
            let outcome = try await board.append(
                to: journal,
                kind: WorkersLine.Kind.ttl.rawValue,
                body: change.line
            )
            guard case .applied = outcome else { return Self.applyingLater }
            return await reader.answer(.detail) { connection in
                let updated = try SampleCareStore.count(change, on: connection)
                return WorkersRoutes.object { answer in
                    answer.member("status", "ok")
                    answer.member("metric_name", change.metric)
                    answer.member("component_name", change.component)
                    answer.member("updated_metrics", updated)
                    answer.member("new_ttl_days", change.days)
                    answer.member("message", message(updated))
                }
            }
        } catch {
            return ErrorEnvelope.detail.response(to: error, storing: "lifetime")
        }
    }

    // MARK: - Pieces

    private static var applyingLater: Response {
        var response = ErrorEnvelope.detail.response(
            .serviceUnavailable,
            "The database does not answer in time. The request is kept and will be applied; repeat it to learn its outcome."
        )
        response.fields.append("Retry-After", "1")
        return response
    }

    private static func refusal(_ parameters: ParameterReader) -> Response? {
        do throws(ValidationIssues) {
            try parameters.finish()
            return nil
        } catch {
            return ValidationDialect.pydantic2.response(error)
        }
    }

    private func endpoint(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        _ answer: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        Endpoint(
            .post,
            path,
            scope: .admin,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary: summary,
                parameters: parameters,
                answers: [APIAnswer(200, "It is done.", .object), WorkersSchemas.invalid]
                    + APIAnswer.storeRefusals
            ),
            handler: .async(answer)
        )
    }
}

extension TTLChange {
    /// As the body of a line.
    fileprivate var line: [UInt8] {
        var writer = JSONWriter()
        writer.object { body in
            body.member("metric_name", metric)
            body.member("component_name", component)
            body.member("ttl_days", days)
        }
        return writer.bytes
    }
}
