internal import Core
internal import Synchronization

/// How a run ends. Contract §2.2.
public enum RunOutcome: String, Sendable, CaseIterable {
    case success, failure, partial, timeout, cancelled
}

/// Optional details of a run when it begins.
public struct RunDetails: Sendable {
    /// The id by which Weir knows the run, never used again; nil makes one.
    public var eventID: String?
    /// The name of the run; nil makes one from time, agent and random digits.
    public var runID: String?
    /// `cli`, `web`, `scheduler`, `mcp`, `manual` by convention.
    public var triggerType = "cli"
    /// The owner of the agent; nil takes the configuration's.
    public var agentOwner: String?
    /// The name of the run that this one belongs to; nil takes the configuration's.
    public var parentRunID: String?
    /// The item that the run works on.
    public var itemName: String?
    /// The product it is for.
    public var product: String?
    /// The family of that product.
    public var productFamily: String?
    /// The platform it is for.
    public var platform: String?
    /// The part of a site that the run works on.
    public var subdomain: String?
    /// The site that the run works on.
    public var website: String?
    /// The section of that site.
    public var websiteSection: String?
    /// `production`, `test` and the like.
    public var environment: String?
    /// The insight that caused the run.
    public var insightID: String?
    /// The input, in a sentence.
    public var inputSummary: String?
    /// Where the input comes from.
    public var sourceReference: String?
    /// Where the output goes.
    public var targetReference: String?
    /// The repository; nil asks git.
    public var gitRepository: String?
    /// The branch; nil asks git.
    public var gitBranch: String?

    /// Details without any value.
    public init() {}

    func fill(_ record: inout Record) {
        let texts: [(String, String?)] = [
            ("trigger_type", triggerType), ("parent_run_id", parentRunID), ("item_name", itemName),
            ("product", product), ("product_family", productFamily), ("platform", platform),
            ("subdomain", subdomain), ("website", website), ("website_section", websiteSection),
            ("environment", environment), ("insight_id", insightID), ("input_summary", inputSummary),
            ("source_ref", sourceReference), ("target_ref", targetReference),
        ]
        for (name, text) in texts { record.set(name, text) }
    }
}

/// A run that has begun. Any thread.
public final class TrackedRun: Sendable {
    private struct Guarded {
        var record: Record
        var metrics: [(name: String, json: [UInt8])] = []
        var context: [(name: String, json: [UInt8])] = []
        /// A commit that Weir has not taken yet.
        var commit: [UInt8]?
        var isStored = false
        var hasEnded = false
    }

    /// The id by which Weir knows the run.
    public let eventID: String
    /// The name of the run.
    public let runID: String

    private let start: Timestamp
    private let client: WeirClient
    // Guards the run's details until it ends.
    private let guarded: Mutex<Guarded>

    init(eventID: String, runID: String, record: Record, start: Timestamp, client: WeirClient) {
        self.eventID = eventID
        self.runID = runID
        self.start = start
        self.client = client
        guarded = Mutex(Guarded(record: record))
    }

    func noteStored() {
        guarded.withLock { $0.isStored = true }
    }

    /// Sets how many items there were; nil leaves a count as it is.
    public func setItems(
        discovered: Int? = nil,
        succeeded: Int? = nil,
        failed: Int? = nil,
        skipped: Int? = nil
    ) {
        let counts = [
            ("items_discovered", discovered), ("items_succeeded", succeeded), ("items_failed", failed),
            ("items_skipped", skipped),
        ]
        guarded.withLock { guarded in
            for case (let name, let count?) in counts { guarded.record.set(name, max(0, count)) }
        }
    }

    /// Sets a number among the run's metrics.
    public func setMetric(_ name: String, _ value: Double) {
        var writer = JSONWriter()
        writer.value(value == value.rounded() && abs(value) < 1e15 ? Int64(value) : nil)
        if writer.text == "null" {
            writer = JSONWriter()
            writer.value(value)
        }
        let json = writer.bytes
        guarded.withLock { Self.set(name, json, &$0.metrics) }
    }

    /// Sets a text in the run's context.
    public func setContext(_ name: String, _ value: String) {
        let json = Record.quoted(value)
        guarded.withLock { Self.set(name, json, &$0.context) }
    }

    private static func set(_ name: String, _ json: [UInt8], _ list: inout [(name: String, json: [UInt8])]) {
        let name = Record.withoutNul(name)
        list.removeAll { $0.name == name }
        list.append((name, json))
    }

    /// Writes an event of the run to the day's file of events; `payload` is JSON text. Contract §3.5.
    public func logEvent(_ type: String, payload: String? = nil) async {
        var writer = JSONWriter()
        writer.object { event in
            event.member("run_id", runID)
            event.member("event_type", Record.withoutNul(type))
            event.member("timestamp", Timestamp.now(), offset: .plusZero)
            event.member("payload_json", payload.map(Record.withoutNul))
            event.null("id")
            event.member("record_type", "event")
        }
        await client.log(writer.bytes)
    }

    /// Associates the commit that the run made; `source` is `manual`, `llm` or `ci`. If Weir can't take it now, it is
    /// sent with the end of the run.
    ///
    /// - Returns: whether Weir has it; always false once the run has ended.
    @discardableResult
    public func associateCommit(
        _ hash: String,
        source: String,
        author: String? = nil,
        timestamp: String? = nil
    ) async -> Bool {
        let members = [
            ("commit_hash", hash), ("commit_source", source), ("commit_author", author),
            ("commit_timestamp", timestamp),
        ]
        var writer = JSONWriter()
        writer.object { body in
            for case (let name, let text?) in members { body.member(name, raw: Record.quoted(text)) }
        }
        let body = writer.bytes
        let canSend = guarded.withLock { guarded in
            guard !guarded.hasEnded else { return false }
            for (name, text) in members { guarded.record.set("git_\(name)", text) }
            guarded.commit = body
            return guarded.isStored
        }
        guard canSend else { return false }
        let outcome = await client.associate(body, eventID: eventID)
        if case .unavailable = outcome { return false }
        guarded.withLock { if $0.commit == body { $0.commit = nil } }
        if case .taken = outcome { return true }
        return false
    }

    /// Ends the run; a second end does nothing. Takes the configuration's `patience` at most.
    ///
    /// - Returns: whether Weir has the end now; otherwise it waits in the buffer.
    @discardableResult
    public func end(
        _ outcome: RunOutcome,
        outputSummary: String? = nil,
        errorSummary: String? = nil,
        errorDetails: String? = nil
    ) async -> Bool {
        let now = Timestamp.now()
        let last: Guarded? = guarded.withLock { guarded in
            guard !guarded.hasEnded else { return nil }
            guarded.hasEnded = true
            guarded.record.set("status", outcome.rawValue)
            guarded.record.set("end_time", now.iso8601(offset: .plusZero))
            guarded.record.set("updated_at", now.iso8601(offset: .plusZero))
            guarded.record.set("duration_ms", Int(max(0, now.microseconds - start.microseconds) / 1000))
            guarded.record.set("output_summary", outputSummary)
            guarded.record.set("error_summary", errorSummary)
            guarded.record.set("error_details", errorDetails)
            guarded.record["metrics_json"] = Self.object(guarded.metrics)
            guarded.record["context_json"] = Self.object(guarded.context)
            return guarded
        }
        guard let last else { return false }
        return await client.end(last.record, of: self, isStored: last.isStored, commit: last.commit)
    }

    private static func object(_ members: [(name: String, json: [UInt8])]) -> [UInt8]? {
        guard !members.isEmpty else { return nil }
        var writer = JSONWriter()
        writer.object { object in
            for (name, json) in members { object.member(name, raw: json) }
        }
        return writer.bytes
    }
}
