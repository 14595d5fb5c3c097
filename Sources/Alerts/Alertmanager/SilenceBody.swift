internal import API
internal import Core
internal import HTTP

/// The body of `POST /api/v2/silences`.
struct SilenceBody: Sendable {
    /// What it says of a maintenance window.
    private enum Window: Sendable {
        /// Nothing: the silence keeps the one that it has.
        case kept
        case none
        case given(Silence.Window)
    }

    private static let longestName = 200
    private static let longestComment = 4096
    private static let longestSchedule = 256

    let id: UUID128?
    let matchers: [Matcher]
    let startsAt: Timestamp
    let endsAt: Timestamp
    private let createdBy: String
    private let comment: String
    private let window: Window

    /// Reads a body.
    ///
    /// - Throws: 400, with the member and what is wrong with it; 404 for an id that is none.
    init(_ root: JSONNode) throws(OperatorFailure) {
        let reader = Reader(root: root)
        let id = try reader.text("id", atMost: Self.longestName, isRequired: false) ?? ""
        self.id = id.isEmpty ? nil : UUID128(id)
        guard id.isEmpty || self.id != nil else { throw OperatorFailure(.notFound, "silence not found") }
        matchers = try Self.matchers(root["matchers"])
        startsAt = try reader.time("startsAt")
        endsAt = try reader.time("endsAt")
        guard startsAt < endsAt else {
            throw Reader.fault("endsAt", "the start must be before the end")
        }
        createdBy = try reader.text("createdBy", atMost: Self.longestName) ?? ""
        comment = try reader.text("comment", atMost: Self.longestComment) ?? ""
        window = try Self.window(reader)
    }

    /// The silence: with the window of the one that it replaces, unless the body says something of it.
    func silence(_ id: UUID128, from start: Timestamp, _ known: Silence?) -> Silence {
        let window: Silence.Window? =
            switch self.window {
            case .kept: known?.window
            case .none: nil
            case .given(let window): window
            }
        return Silence(
            id: id,
            matchers: matchers,
            startsAt: start,
            endsAt: endsAt,
            window: window,
            createdBy: createdBy,
            comment: comment,
            updatedAt: start
        )
    }

    private static func matchers(_ node: JSONNode?) throws(OperatorFailure) -> [Matcher] {
        guard let node, node.kind == .array else {
            throw Reader.fault("matchers", "an array of matchers is expected")
        }
        var matchers: [Matcher] = []
        for element in node.elements {
            let place = "matchers.\(matchers.count)"
            guard matchers.count < MatcherText.mostMatchers else {
                throw Reader.fault("matchers", "at most \(MatcherText.mostMatchers) are possible")
            }
            guard let name = element["name"]?.string, let value = element["value"]?.string else {
                throw Reader.fault(place, "name and value are required, as texts")
            }
            do throws(Matcher.Fault) {
                matchers.append(
                    try Matcher(
                        name: name,
                        value: value,
                        isRegex: element["isRegex"]?.bool ?? false,
                        isEqual: element["isEqual"]?.bool ?? true
                    )
                )
            } catch {
                throw Reader.fault(place, error.message)
            }
        }
        guard matchers.contains(where: { !$0.matches([:]) }) else {
            throw Reader.fault("matchers", "at least one matcher must not match the empty string")
        }
        return matchers
    }

    private static func window(_ reader: Reader) throws(OperatorFailure) -> Window {
        let timeZone = try reader.text("timeZone", atMost: longestName, isRequired: false)
        let lasting = try reader.integer("lasting", MaintenanceWindow.durations)
        guard let schedule = try reader.text("schedule", atMost: longestSchedule, isRequired: false) else {
            guard timeZone == nil, lasting == nil else {
                throw Reader.fault("schedule", "timeZone and lasting are for silences with a schedule")
            }
            return reader.root["schedule"] == nil ? .kept : .none
        }
        guard let lasting else { throw Reader.fault("lasting", "a schedule needs it, in seconds") }
        do throws(MaintenanceWindow.Fault) {
            return .given(
                Silence.Window(
                    schedule: schedule,
                    timeZone: timeZone,
                    lasting: .seconds(lasting),
                    times: try MaintenanceWindow.read(schedule: schedule, timeZone: timeZone)
                )
            )
        } catch {
            throw Reader.fault(error.member, error.message)
        }
    }

    /// Reads members, and throws at the first that is wrong: Alertmanager's errors are one text.
    private struct Reader {
        let root: JSONNode

        static func fault(_ member: String, _ what: String) -> OperatorFailure {
            OperatorFailure(.badRequest, "silence invalid: \(member): \(what)")
        }

        func text(_ name: String, atMost bytes: Int, isRequired: Bool = true) throws(OperatorFailure)
            -> String?
        {
            guard let node = root[name], isRequired || !node.isNull else {
                if isRequired { throw Self.fault(name, "it is required") }
                return nil
            }
            guard let text = node.string else { throw Self.fault(name, "a text is expected") }
            guard text.utf8.count <= bytes else {
                throw Self.fault(name, "at most \(bytes) bytes are possible")
            }
            return text
        }

        func time(_ name: String) throws(OperatorFailure) -> Timestamp {
            guard let text = root[name]?.string, let time = Timestamp(lenient: text) else {
                throw Self.fault(name, "a time like 2026-08-22T03:23:43Z is expected")
            }
            return time
        }

        func integer(_ name: String, _ range: ClosedRange<Int>) throws(OperatorFailure) -> Int? {
            guard let node = root[name], !node.isNull else { return nil }
            guard let number = node.int64.flatMap({ Int(exactly: $0) }), range.contains(number) else {
                throw Self.fault(
                    name,
                    "a number of seconds from \(range.lowerBound) to \(range.upperBound) is expected"
                )
            }
            return number
        }
    }
}
