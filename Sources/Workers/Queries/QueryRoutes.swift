internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// The endpoint that reads stored samples. Contract noetl §1.3, §7.5.
struct QueryRoutes: Sendable {
    static let metricName = APIParameter.text("metric_name", "The name of the metric.")
    static let metricPattern = APIParameter(
        "metric_name_regex",
        patternType,
        "A regular expression that matches the whole name of the metric."
    )
    static let metricType = APIParameter.text("metric_type", "counter, gauge, histogram or summary.")
    static let label = APIParameter.text(
        "label.{name}",
        "The value of a label; one parameter for each label."
    )
    static let traceID = APIParameter.text("trace_id", "The W3C trace that samples refer to.")
    static let executionID = APIParameter.text(
        "execution_id",
        "The execution of a workflow that samples refer to."
    )
    static let start = APIParameter.time("start_time", "The earliest time of samples.")
    static let end = APIParameter.time("end_time", "The latest time of samples.")
    static let limit = APIParameter.integer("limit", 0...10_000, default: 1000, "How many samples at most.")
    static let cursor = APIParameter.text(
        "cursor",
        "The start of the page: `next_cursor` of the page before, unchanged. Empty for the first page."
    )

    static let step = APIParameter(
        "step",
        .matching(#"^([0-9]+[smhd]?)?$"#),
        "The length of a point, such as 30s, 5m, 1h or 1d: the answer then has points instead of samples."
    )
    static let aggregation = APIParameter.word(
        "agg",
        StepQuery.Aggregation.allCases.map(\.rawValue),
        default: "avg",
        "What a point shows of its samples; needs `step`. Gauges have no rate and no increase."
    )
    static let by = APIParameter.text(
        "by",
        "Labels, or `component_name`, `component_type`: series with the same ones become one; needs `step`."
    )

    private static let labelPrefix = "label."
    private static let longestPattern = 500
    private static var patternType: APIType {
        var type = APIType.sentText
        type.longest = longestPattern
        return type
    }

    let reader: StoreReader
    let keep: Duration
    let texts = SeriesTexts()

    /// What the parameters ask for.
    private struct Question: Sendable {
        var samples: SampleQuery
        /// Whether the answer names the start of the next page.
        var isPaged: Bool
        /// Nil without a step.
        var steps: StepQuery?
    }

    var query: Endpoint {
        .reading(
            "/api/metrics/query",
            tag: WorkersRoutes.tag,
            "Samples, the newest first.",
            [
                MetricsRoutes.runtimeID, MetricsRoutes.componentName, Self.metricName, Self.metricPattern,
                Self.metricType, Self.label, Self.traceID, Self.executionID, Self.start, Self.end, Self.limit,
                Self.cursor, Self.step, Self.aggregation, Self.by,
            ],
            answers: [APIAnswer(200, "The result.", WorkersSchemas.queried), WorkersSchemas.invalid],
            from: reader,
            reading: Self.question,
            answer: { [keep, texts] request, question, connection in
                do {
                    if let steps = question.steps {
                        let store = StepStore(connection: connection, now: request.receivedAt, keep: keep)
                        return .json(StepEncoder.answer(try store.fetch(steps), to: steps))
                    }
                    let store = SamplesStore(connection: connection, now: request.receivedAt, keep: keep)
                    return try Self.samples(question, store, texts, request)
                } catch SeriesFilter.Refusal.pattern(let message) {
                    return Self.refusal(of: Self.metricPattern, message)
                } catch let excess as StepStore.Excess {
                    return Self.refusal(of: excess)
                }
            }
        )
    }

    private static func samples(
        _ question: Question,
        _ store: SamplesStore,
        _ texts: SeriesTexts,
        _ request: Request
    ) throws -> Response {
        let page = try store.fetchNewest(question.samples, texts)
        let limit = question.samples.limit
        let next = page.samples.count == limit ? page.samples.last.map(cursor(after:)) : nil
        let body = SamplesEncoder.query(page, limit: limit, next: question.isPaged ? .some(next?.text) : nil)
        var response = Response.json(body)
        if let next { response.fields.append("Link", PageLink.next(request.head, next.text)) }
        return response
    }

    private static func cursor(after sample: StoredSample) -> SampleQuery.Cursor {
        SampleQuery.Cursor(at: sample.at, metricID: sample.metricID)
    }

    // MARK: - Parameters

    private static func question(_ reader: inout ParameterReader) -> Question {
        let filter = filter(&reader)
        let samples = SampleQuery(
            filter: filter,
            traceID: reader.text(traceID).nonEmpty,
            executionID: reader.text(executionID).nonEmpty,
            from: moment(start, &reader) ?? .earliest,
            to: moment(end, &reader) ?? .latest,
            limit: reader.count(limit)
        )
        var question = Question(samples: samples, isPaged: false)
        // Empty on the first page.
        if let text = reader.text(cursor) {
            question.isPaged = true
            if !text.isEmpty { question.samples.cursor = reader.cursor(cursor, SampleQuery.Cursor.init) }
        }
        question.steps = steps(&reader, question.samples)
        return question
    }

    private static func steps(_ reader: inout ParameterReader, _ samples: SampleQuery) -> StepQuery? {
        let cause = ValidationIssue.Cause.rule("a step is from 1s to 366d, such as 30s, 5m, 1h or 1d")
        let text = reader.text(step).nonEmpty
        let seconds = text == nil ? nil : reader.value(step, or: cause, StepQuery.seconds)
        let word = reader.word(aggregation).flatMap(StepQuery.Aggregation.init)
        let labels = reader.text(by)
        guard let text, let seconds else { return nil }
        return StepQuery(
            filter: samples.filter,
            from: samples.from,
            to: samples.to,
            step: seconds,
            stepText: text,
            aggregation: word ?? .avg,
            by: labels.map { $0.split(separator: ",").map(String.init) }
        )
    }

    private static func filter(_ reader: inout ParameterReader) -> SeriesFilter {
        SeriesFilter(
            componentID: MetricsRoutes.identifier(&reader),
            componentName: reader.text(MetricsRoutes.componentName),
            metricName: reader.text(metricName).nonEmpty,
            metricType: reader.text(metricType).nonEmpty,
            metricPattern: pattern(&reader),
            labels: LabelSet(reader.texts(namedWith: labelPrefix).map { ($0.name, $0.value) })
        )
    }

    private static func pattern(_ reader: inout ParameterReader) -> String? {
        guard let text = reader.text(metricPattern).nonEmpty else { return nil }
        let complaint: ValidationIssue.Cause =
            text.unicodeScalars.count > longestPattern
            ? .tooLong(longestPattern)
            : .rule("a regular expression must not refer back to a group; list the alternatives instead")
        return reader.value(metricPattern, or: complaint) { text in
            text.unicodeScalars.count > longestPattern || refersBack(text) ? nil : text
        }
    }

    /// Whether a pattern has a back reference, with which matching can take exponential time.
    private static func refersBack(_ pattern: String) -> Bool {
        var isEscaped = false
        for byte in pattern.utf8 {
            if isEscaped, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(byte) { return true }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return false
    }

    private static func refusal(of excess: StepStore.Excess) -> Response {
        switch excess {
        case .series:
            refusal(
                of: step,
                "more than \(StepQuery.mostSeries) series match: name a component, a metric or labels"
            )
        case .points:
            refusal(
                of: step,
                "more than \(StepQuery.mostPoints) points: use a longer step, a later start_time or by"
            )
        }
    }

    private static func refusal(of parameter: APIParameter, _ message: String) -> Response {
        let issue = ValidationIssue([.name("query"), .name(parameter.name)], .rule(message))
        return ValidationDialect.pydantic2.response([issue])
    }

    /// A `+` that the client did not encode arrives as a blank.
    private static func moment(_ parameter: APIParameter, _ reader: inout ParameterReader) -> Timestamp? {
        reader.value(parameter, or: .notADate) { text in
            let repaired = text.lastIndex(of: " ").map { text[..<$0] + "+" + text[$0...].dropFirst() }
            return SampleTime.instant(text) ?? repaired.flatMap { SampleTime.instant(String($0)) }
        }
    }
}
