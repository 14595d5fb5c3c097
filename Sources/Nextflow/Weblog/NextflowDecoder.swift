internal import API
internal import Core
internal import Journal

/// Turns bytes into events: of a request only the envelope is checked; from the journal everything is read. Contract
/// §1.3.
enum NextflowDecoder {
    /// Where the client's date objects contain some 600 time-zone names each, which are not needed.
    static let zoneArrays: [[String]] = [
        ["metadata", "workflow", "start", "offset", "availableZoneIds"],
        ["metadata", "workflow", "complete", "offset", "availableZoneIds"],
    ]

    /// How deep a document is indexed: to the zone names, and no deeper. The index needs no elements of other arrays:
    /// those of a body with ten million elements would take twenty times its size.
    private static let depth = 6

    /// Checks a request's body and cleans it: without zone arrays and without line breaks outside of strings.
    ///
    /// - Throws: `NextflowFault`, which has its response.
    static func clean(_ body: [UInt8]) throws(NextflowFault) -> [UInt8] {
        guard !body.isEmpty else { throw .missingBody }
        let document: JSONDocument
        do {
            document = try JSONDocument(body, recordedDepth: depth, recordsElements: false)
        } catch {
            throw NextflowFault(error, in: body)
        }
        switch document.root.kind {
        case .object: break
        case .null: throw .missingBody
        default: throw .notAnObject
        }
        _ = try envelope(of: document.root)
        return cleaned(document)
    }

    private static func cleaned(_ document: JSONDocument) -> [UInt8] {
        let zones = zoneArrays.flatMap { document.ranges(ofMember: $0) }.sorted {
            $0.lowerBound < $1.lowerBound
        }
        let byteOrderMark = 0..<document.root.range.lowerBound
        var bytes = document.bytes(removing: (byteOrderMark.isEmpty ? [] : [byteOrderMark]) + zones)
        if document.sawLineBreaksOutsideStrings { JSONStorable.blankLineBreaks(in: &bytes) }
        return bytes
    }

    /// Reads a line of the journal.
    ///
    /// - Throws: `NextflowFault` for a line that no released version would have written.
    static func event(_ line: JournalLine, journal: UUID128) throws(NextflowFault) -> NextflowEvent {
        let (document, isAltered) = try document(of: Array(line.body))
        guard document.root.kind == .object else { throw .notAnObject }
        let envelope = try envelope(of: document.root)
        return NextflowEvent(line, journal, envelope, document.root, isAltered: isAltered)
    }

    /// The document in a form that jsonb accepts, and whether it had to be altered for that.
    private static func document(of body: [UInt8]) throws(NextflowFault) -> (JSONDocument, isAltered: Bool) {
        do throws(JSONError) {
            let received = try JSONDocument(body, recordedDepth: depth, recordsElements: false)
            if received.isStorable { return (received, false) }
            let storable = JSONStorable.rewrite(received)
            return (try JSONDocument(storable, recordedDepth: depth, recordsElements: false), true)
        } catch {
            throw NextflowFault(error, in: body)
        }
    }

    // MARK: - Envelope

    private static func envelope(of root: JSONNode) throws(NextflowFault) -> EventEnvelope {
        var issues: [ValidationIssue] = []
        let runID = text(root, "runId", &issues)
        let runName = text(root, "runName", &issues)
        let event = text(root, "event", &issues)
        let utcTime = time(root, "utcTime", &issues)
        guard let runID, let runName, let event, let utcTime else { throw .members(issues) }
        return EventEnvelope(runID: runID, runName: runName, event: event, utcTime: utcTime)
    }

    private static func issue(_ key: String, _ cause: ValidationIssue.Cause) -> ValidationIssue {
        ValidationIssue([.name("body"), .name(key)], cause)
    }

    /// A text; numbers are taken as their decimal text.
    private static func text(_ root: JSONNode, _ key: String, _ issues: inout [ValidationIssue])
        -> String?
    {
        guard let node = root[key] else {
            issues.append(issue(key, .missing))
            return nil
        }
        switch node.kind {
        case .string: return node.string
        case .number: return node.numberText
        case .null:
            issues.append(issue(key, .null))
            return nil
        default:
            issues.append(issue(key, .notText))
            return nil
        }
    }

    /// A time: ISO 8601 text, UTC without a zone, or a number of seconds or milliseconds.
    private static func time(
        _ root: JSONNode,
        _ key: String,
        _ issues: inout [ValidationIssue]
    ) -> Timestamp? {
        guard let node = root[key] else {
            issues.append(issue(key, .missing))
            return nil
        }
        let parsed: Timestamp? =
            switch node.kind {
            case .string: node.string.flatMap { Timestamp(lenient: $0) }
            case .number: node.double.flatMap { Timestamp(unixNumber: $0) }
            default: nil
            }
        if parsed == nil {
            issues.append(issue(key, node.isNull ? .null : .notATime))
        }
        return parsed
    }
}
