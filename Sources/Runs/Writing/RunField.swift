/// The members of a run record, in the order of the contract's table: this is the order of responses and of a
/// request's errors. Contract §2.1.
enum RunField: Int, CaseIterable, Sendable {
    case eventID, runID, schemaVersion, createdAt, updatedAt, startTime, endTime
    case agentName, agentOwner, jobType, status
    case product, productFamily, platform, subdomain, website, websiteSection, itemName
    case itemsDiscovered, itemsSucceeded, itemsFailed, itemsSkipped, durationMS
    case inputSummary, outputSummary, sourceRef, targetRef, errorSummary, errorDetails
    case gitRepo, gitBranch, gitCommitHash, gitRunTag, gitCommitSource, gitCommitAuthor, gitCommitTimestamp
    case host, environment, triggerType, metricsJSON, contextJSON
    case apiPosted, apiPostedAt, apiRetryCount, insightID, parentRunID

    /// How many fields there are.
    static let count = allCases.count

    /// The type of a member, and the values that a client may give it.
    enum Rule: Sendable {
        /// Required text.
        case required
        /// Text with a default; null is refused.
        case text
        /// Text or null.
        case optionalText
        /// Text or null; anything else is ignored, as the reference ignores the whole member.
        case lenientText
        /// An integer; 0 by default.
        case counter
        /// An integer; 0 by default and for null.
        case optionalCounter
        /// A JSON object or null, or an object as a JSON string.
        case object
        /// `manual`, `llm`, `ci` or null.
        case commitSource
        /// A boolean; false by default.
        case flag
        /// Set by Weir, never by a client.
        case own
    }

    /// The member's name in JSON.
    var name: String { Self.table[rawValue].name }
    /// Its type and values.
    var rule: Rule { Self.rules[rawValue] }

    /// All fields; `allCases` makes a new array each time.
    static let all: [RunField] = allCases
    private static let rules = table.map(\.rule)

    /// The text before each value in a document, one after the other: `{"event_id":`, `,"run_id":` and so on.
    static let keys = Keys(table.map(\.name))

    /// The texts of all fields in one array, since they are copied for each run.
    struct Keys: Sendable {
        let bytes: [UInt8]
        /// The end of the text of each field.
        let ends: [Int]

        fileprivate init(_ names: [String]) {
            var (bytes, ends): ([UInt8], [Int]) = ([], [])
            for (index, name) in names.enumerated() {
                bytes.append(contentsOf: "\(index == 0 ? "{" : ",")\"\(name)\":".utf8)
                ends.append(bytes.count)
            }
            (self.bytes, self.ends) = (bytes, ends)
        }
    }

    /// The field of a key as it is spelt between the quotes in a body; nil for unknown members.
    static func named(_ key: ArraySlice<UInt8>) -> RunField? {
        key.withUnsafeBufferPointer { lookup.field(named: $0) }
    }

    /// The field of a key as it is spelt between the quotes in a body; nil for unknown members.
    static func named(_ key: UnsafeBufferPointer<UInt8>) -> RunField? { lookup.field(named: key) }

    /// The field of a name; nil for unknown members.
    static func named(_ name: String) -> RunField? { named(Array(name.utf8)[...]) }

    private static let lookup = RunFieldLookup()

    private struct Description {
        let name: String
        let rule: Rule

        init(_ name: String, _ rule: Rule) {
            self.name = name
            self.rule = rule
        }
    }

    private static let table: [Description] = [
        Description("event_id", .required),
        Description("run_id", .required),
        Description("schema_version", .own),
        Description("created_at", .optionalText),
        Description("updated_at", .own),
        Description("start_time", .required),
        Description("end_time", .optionalText),
        Description("agent_name", .required),
        Description("agent_owner", .lenientText),
        Description("job_type", .required),
        Description("status", .text),
        Description("product", .optionalText),
        Description("product_family", .optionalText),
        Description("platform", .optionalText),
        Description("subdomain", .optionalText),
        Description("website", .optionalText),
        Description("website_section", .optionalText),
        Description("item_name", .optionalText),
        Description("items_discovered", .counter),
        Description("items_succeeded", .counter),
        Description("items_failed", .counter),
        Description("items_skipped", .counter),
        Description("duration_ms", .optionalCounter),
        Description("input_summary", .optionalText),
        Description("output_summary", .optionalText),
        Description("source_ref", .optionalText),
        Description("target_ref", .optionalText),
        Description("error_summary", .optionalText),
        Description("error_details", .optionalText),
        Description("git_repo", .optionalText),
        Description("git_branch", .optionalText),
        Description("git_commit_hash", .optionalText),
        Description("git_run_tag", .optionalText),
        Description("git_commit_source", .commitSource),
        Description("git_commit_author", .optionalText),
        Description("git_commit_timestamp", .optionalText),
        Description("host", .optionalText),
        Description("environment", .optionalText),
        Description("trigger_type", .optionalText),
        Description("metrics_json", .object),
        Description("context_json", .object),
        Description("api_posted", .flag),
        Description("api_posted_at", .optionalText),
        Description("api_retry_count", .counter),
        Description("insight_id", .optionalText),
        Description("parent_run_id", .optionalText),
    ]
}

/// Finds fields by their names: an open-addressing hash table, since every member of every run is looked up here.
private struct RunFieldLookup: Sendable {
    private static let size = 256

    private let slots: [RunField?]
    private let names: [[UInt8]]

    init() {
        var slots = [RunField?](repeating: nil, count: Self.size)
        let names = RunField.allCases.map { Array($0.name.utf8) }
        for field in RunField.allCases {
            var slot = names[field.rawValue].withUnsafeBufferPointer(Self.hash)
            while slots[slot] != nil { slot = (slot + 1) % Self.size }
            slots[slot] = field
        }
        self.slots = slots
        self.names = names
    }

    func field(named name: UnsafeBufferPointer<UInt8>) -> RunField? {
        guard !name.isEmpty else { return nil }
        var slot = Self.hash(name)
        while let field = slots[slot] {
            let candidate = names[field.rawValue]
            if candidate.count == name.count, candidate.withUnsafeBufferPointer({ Self.equal($0, name) }) {
                return field
            }
            slot = (slot + 1) % Self.size
        }
        return nil
    }

    /// Length, first, last and middle byte distinguish nearly all names.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        let count = name.count
        let ends = Int(name[0]) &* 31 &+ Int(name[count - 1]) &* 7
        return (count &* 11 &+ ends &+ Int(name[count / 2]) &* 3) & (size - 1)
    }

    private static func equal(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool
    {
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }
}
