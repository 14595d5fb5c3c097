internal import API
internal import Core

/// The insights that groups and totals give. A pure function. Contract pipelogiq §2.2.
struct Insights: Sendable {
    /// A group and the word of its source.
    typealias Group = (group: StageGroup, source: String)

    let slowest: [Group]
    let hotspots: [Group]
    let executionsPerMinute: Double
    let failuresPerMinute: Double
    let successRate: Double
    let meanStageMs: Double
    /// What does not cover its window whole: the source, what of it, and since when.
    var capped: [(source: String, of: String, since: Timestamp)] = []

    /// `minutes` is how long the totals cover.
    init(_ groups: [Group], _ totals: [(totals: PipelineTotals, minutes: Double)], listed: Int) {
        slowest = Array(
            groups.sorted { Self.goesBefore($0.group, $1.group) { Double($0.p95) } }.prefix(listed)
        )
        let failing = groups.filter { $0.group.failed > 0 }
        hotspots = Array(failing.sorted { Self.goesBefore($0.group, $1.group, Self.rate) }.prefix(listed))
        // Windows of one length are divided once: the sum of quotients is not always the quotient of the sum.
        let whole = Dictionary(grouping: totals) { $0.minutes }
        var rates = (executions: 0.0, failures: 0.0)
        for (minutes, parts) in whole {
            rates.executions += Double(parts.reduce(0) { $0 + $1.totals.total }) / minutes
            rates.failures += Double(parts.reduce(0) { $0 + $1.totals.failed }) / minutes
        }
        executionsPerMinute = rates.executions
        failuresPerMinute = rates.failures
        let total = totals.reduce(0) { $0 + $1.totals.total }
        let failures = totals.reduce(0) { $0 + $1.totals.failed }
        successRate = total == 0 ? 0 : Double(total - failures) / Double(total) * 100
        let count = groups.reduce(0) { $0 + $1.group.count }
        meanStageMs = count == 0 ? 0 : groups.reduce(0) { $0 + $1.group.sumMs } / Double(count)
    }

    private static func rate(_ group: StageGroup) -> Double {
        Double(group.failed) / Double(group.count) * 100
    }

    /// The larger value first, then by the names, which are never joined.
    private static func goesBefore(_ left: StageGroup, _ right: StageGroup, _ value: (StageGroup) -> Double)
        -> Bool
    {
        let (first, second) = (value(left), value(right))
        return first != second ? first > second : (left.pipeline, left.stage) < (right.pipeline, right.stage)
    }

    func write(to body: inout JSONWriter) {
        body.array("slowestStages") { list in
            for (group, source) in slowest {
                list.object { element in
                    element.member("pipelineName", group.pipeline)
                    element.member("stageName", group.stage)
                    element.member("p95Ms", group.p95)
                    element.member("p50Ms", group.p50)
                    element.member("p99Ms", group.p99)
                    element.member("count", group.count)
                    element.member("source", source)
                }
            }
        }
        body.array("errorHotspots") { list in
            for (group, source) in hotspots {
                list.object { element in
                    element.member("pipelineName", group.pipeline)
                    element.member("stageName", group.stage)
                    PipelineEncoder.member("failureRate", Self.rate(group), to: &element)
                    PipelineEncoder.member(
                        "avgRetries",
                        Double(group.retries) / Double(group.count),
                        to: &element
                    )
                    element.member("source", source)
                }
            }
        }
        body.object("summary") { summary in
            PipelineEncoder.member("executionsPerMin", executionsPerMinute, to: &summary)
            PipelineEncoder.member("failuresPerMin", failuresPerMinute, to: &summary)
            PipelineEncoder.member("successRate", successRate, to: &summary)
            PipelineEncoder.member("avgStageMs", meanStageMs, to: &summary)
        }
        guard !capped.isEmpty else { return }
        body.array("capped") { list in
            for (source, what, since) in capped {
                list.object { element in
                    element.member("source", source)
                    element.member("of", what)
                    element.member("since", PipelineEncoder.wholeSeconds(since))
                }
            }
        }
    }
}

/// Answers as `/openapi.json` describes them.
enum InsightSchemas {
    private typealias Member = APISchema.Member

    static let insights = APISchema(
        "Insights",
        [
            Member("slowestStages", .list(.object)), Member("errorHotspots", .list(.object)),
            Member(
                "summary",
                .named(
                    APISchema(
                        "InsightSummary",
                        [
                            Member("executionsPerMin", .amount), Member("failuresPerMin", .amount),
                            Member("successRate", .amount), Member("avgStageMs", .amount),
                        ]
                    )
                )
            ),
            Member("capped", .list(.object), isRequired: false),
        ]
    )

    static let series = APISchema(
        "InsightSeries",
        [
            Member("bucketSeconds", .count), Member("series", .list(.object)),
            Member("cappedSince", .moment, isRequired: false),
        ]
    )

    static let trace = APISchema(
        "TraceRow",
        [
            Member("traceId", .text), Member("executionId", .count), Member("pipelineName", .text),
            Member("status", .word(TraceQuery.Status.allCases.map(\.rawValue))), Member("durationMs", .count),
            Member("spansCount", .count), Member("timestamp", .moment), Member("cursor", .text),
            Member("runId", .text, isRequired: false), Member("traceUrl", .text, isRequired: false),
            Member("logsUrl", .text, isRequired: false),
        ]
    )
}
