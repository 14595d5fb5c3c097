internal import API
internal import Core
internal import Schedules

/// Reads the body of a request that makes or changes a check.
struct CheckDecoder {
    private static let body: [ValidationIssue.Step] = [.name("body")]

    private let root: JSONNode
    private var issues: [ValidationIssue] = []

    /// What a body makes of the settings of a check: members that it does not have stay as they are, null takes one away.
    ///
    /// - Throws: every issue, with the member named.
    static func settings(_ bytes: [UInt8], changing settings: Check.Settings) throws(ValidationIssues)
        -> Check.Settings
    {
        let document: JSONDocument
        do {
            document = try JSONDocument(bytes)
        } catch {
            throw [ValidationIssue.notJSON(error, in: bytes)]
        }
        guard document.root.kind == .object else { throw [ValidationIssue(body, .notARecord)] }
        var decoder = CheckDecoder(root: document.root)
        let changed = decoder.read(settings)
        guard decoder.issues.isEmpty else { throw ValidationIssues(decoder.issues) }
        return changed
    }

    private init(root: JSONNode) {
        self.root = root
    }

    private static let known = [
        "name", "slug", "ping_key", "tags", "project", "period", "cron", "time_zone", "grace",
    ]

    private mutating func read(_ before: Check.Settings) -> Check.Settings {
        var settings = before
        for member in root.members {
            let name = String(decoding: member.rawKey, as: UTF8.self)
            if !Self.known.contains(name) {
                refuse(
                    name,
                    .rule("there is no such member; there are \(Self.known.joined(separator: ", "))")
                )
            }
        }
        settings.name = text("name", 1...200, or: before.name) ?? ""
        if settings.name.isEmpty, root["name"].map(\.isNull) ?? true { refuse("name", .missing) }
        settings.slug = text("slug", 1...100, or: before.slug)
        if let slug = settings.slug, 1...100 ~= slug.count, !CheckKeys.isSlug(slug) {
            refuse("slug", .rule("a slug has small letters, digits, - and _"))
        }
        settings.pingKey = text("ping_key", 16...64, or: before.pingKey)
        if let key = settings.pingKey, 16...64 ~= key.count, !CheckKeys.isKey(key) || UUID128(key) != nil {
            refuse("ping_key", .rule("a ping key has 16 to 64 letters, digits, - and _, and is no UUID"))
        }
        settings.project = text("project", 1...200, or: before.project)
        settings.tags = tags(before.tags)
        readSchedule(&settings, before)
        if settings.slug != nil, settings.pingKey == nil { settings.pingKey = CheckKeys.mint() }
        if settings.slug == nil { settings.pingKey = nil }
        return settings
    }

    private mutating func readSchedule(_ settings: inout Check.Settings, _ before: Check.Settings) {
        let period = seconds("period", Schedule.periods, or: nil)
        let cron = text("cron", 1...256, or: nil)
        if period != nil, cron != nil {
            return refuse("cron", .rule("a check has a period or a cron expression, not both"))
        }
        if let period { (settings.period, settings.cron, settings.timeZone) = (period, nil, nil) }
        if let cron { (settings.period, settings.cron) = (nil, cron) }
        if settings.cron != nil {
            settings.timeZone = text("time_zone", 1...64, or: before.timeZone) ?? "UTC"
        } else if root["time_zone"].map({ !$0.isNull }) ?? false {
            refuse("time_zone", .rule("only a cron expression has a time zone"))
        }
        settings.grace = seconds("grace", Schedule.graces, or: before.grace) ?? before.grace
        guard let cron = settings.cron, issues.isEmpty else { return }
        do throws(ScheduleFault) {
            _ = try Schedule(cron: cron, timeZone: settings.timeZone ?? "UTC", grace: settings.grace)
        } catch {
            refuse(error.part.rawValue, .rule(error.message))
        }
    }

    // MARK: - Values

    private mutating func refuse(_ name: String, _ cause: ValidationIssue.Cause) {
        issues.append(ValidationIssue(Self.body + [.name(name)], cause, root[name]?.rawBytes ?? []))
    }

    /// A text; nil for null.
    private mutating func text(_ name: String, _ length: ClosedRange<Int>, or before: String?) -> String? {
        guard let node = root[name] else { return before }
        if node.isNull { return nil }
        guard let text = node.string else {
            refuse(name, .notText)
            return nil
        }
        if text.utf8.contains(0) {
            refuse(name, .notStorable("U+0000"))
        } else if text.count < length.lowerBound {
            refuse(name, .tooShort(length.lowerBound))
        } else if text.count > length.upperBound {
            refuse(name, .tooLong(length.upperBound))
        }
        return text
    }

    private mutating func seconds(_ name: String, _ bounds: ClosedRange<Int>, or before: Int?) -> Int? {
        guard let node = root[name], !node.isNull else { return before }
        guard node.kind == .number, let number = node.int64.map({ Int($0) }) else {
            refuse(name, .notInteger)
            return nil
        }
        guard number >= bounds.lowerBound else {
            refuse(name, .below(bounds.lowerBound))
            return nil
        }
        guard number <= bounds.upperBound else {
            refuse(name, .above(bounds.upperBound))
            return nil
        }
        return number
    }

    private mutating func tags(_ before: [String]) -> [String] {
        guard let node = root["tags"] else { return before }
        if node.isNull { return [] }
        guard node.kind == .array else {
            refuse("tags", .notAList)
            return []
        }
        let tags = node.elements.map(\.string)
        let isFine = tags.allSatisfy { tag in
            tag.map { 1...64 ~= $0.count && !$0.utf8.contains(0) } ?? false
        }
        guard isFine, tags.count <= 20 else {
            refuse("tags", .rule("there may be 20 tags, each a text of 1 to 64 characters"))
            return []
        }
        return tags.compactMap(\.self)
    }
}
