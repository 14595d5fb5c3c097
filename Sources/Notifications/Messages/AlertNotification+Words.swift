internal import Core

/// How notifications are worded, the same for all channels. Contract pipelogiq §6.8.
extension AlertNotification {
    /// The value of a label.
    func label(_ name: String) -> String? { labels.first { $0.name == name }?.value }

    /// What the notification is about: its project, or its pipeline.
    var project: String? {
        ["project", "pipeline_name", "pipeline"].lazy.compactMap { label($0) }.first { !$0.isEmpty }
            ?? facts.first { $0.name == "pipelineName" }?.text
    }

    /// `ERROR`, or `RESOLVED` for what is over.
    var tag: String { state == .resolved ? "RESOLVED" : severity.rawValue.uppercased() }

    /// Red, amber, blue or green, as `D13438`.
    var colour: String {
        if state == .resolved { return "2EA043" }
        return switch severity {
        case .critical, .error: "D13438"
        case .warning: "FFAA00"
        case .info: "2F81F7"
        }
    }

    /// The names of the identifiers that texts show, in their order. Contract pipelogiq §6.6.
    private static let identifiers = ["pipelineId", "stageId", "workerId", "policyId"]

    private var identifiers: [(name: String, value: String)] {
        Self.identifiers.compactMap { name in
            facts.first { $0.name == name }.map { (name: name, value: $0.text) }
        }
    }

    /// What cards show below the text: identifiers, and then labels.
    var details: [(name: String, value: String)] {
        identifiers
            + labels.filter { label in !label.value.isEmpty && !identifiers.contains { $0.name == label.name }
            }
    }

    /// The lines below the text of a plain message; it is they that are never cut. Contract pipelogiq §6.6.
    private var lines: [String] {
        let details = dialect == .pipelogiq ? identifiers : details
        return ["event: \(event)", "time: \(at.seconds)"] + details.map { "\($0.name): \($0.value)" }
            + (suppressed > 0 ? ["suppressed: \(suppressed)"] : []) + links.map { "\($0.text): \($0.url)" }
    }

    /// The plain text: severity and title, the text, and a line each for event, time and identifiers.
    ///
    /// To fit the limit, the text is cut first, then the title, and whole lines last.
    func block(_ limit: Cut.Limit) -> String {
        let lines = lines.map { $0.replacing("\n", with: " ") }
        func whole(_ title: String, _ text: String) -> String {
            (["[\(tag)] \(title)"] + (text.isEmpty ? [] : [text]) + lines).joined(separator: "\n")
        }
        let size = limit.size(whole(title, text))
        guard size > limit.count else { return whole(title, text) }
        let textRoom = limit.size(text) - (size - limit.count)
        if textRoom > 0 {
            let cut = Cut.text(text, to: limit.with(textRoom))
            if !cut.isEmpty { return whole(title, cut) }
        }
        let titleRoom = limit.size(title) - (limit.size(whole(title, "")) - limit.count)
        if titleRoom >= limit.size(title) { return whole(title, "") }
        if titleRoom > 0 { return whole(Cut.text(title, to: limit.with(titleRoom)), "") }
        return Cut.text(whole("", ""), to: limit)
    }

    /// The title and the beginning of the text in one line: `Stage failed: Pipeline 12 stage 34 failed`.
    func summary(_ limit: Int) -> String {
        let flat = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return Cut.text(flat.isEmpty ? title : "\(title): \(flat)", to: .utf16(limit))
    }

    /// The notification as its channel's templates word it.
    func worded(by configuration: ChannelConfiguration) -> AlertNotification {
        func render(_ name: String) -> String? {
            guard let source = configuration.text(name), let template = try? MessageTemplate(source) else {
                return nil
            }
            return template.render(self)
        }
        var worded = self
        let (newTitle, newText) = (render("title_template"), render("text_template"))
        if let newTitle { worded.title = newTitle }
        if let newText { worded.text = newText }
        worded.title = worded.title.split(whereSeparator: \.isNewline).joined(separator: " ")
        if worded.title.allSatisfy(\.isWhitespace) { worded.title = event }
        if newTitle != nil || newText != nil { worded.body = worded.rewordedBody(newTitle, newText) }
        return worded
    }

    /// The body of a generic webhook with the texts of templates in it.
    private func rewordedBody(_ newTitle: String?, _ newText: String?) -> [UInt8] {
        guard let document = try? JSONDocument(body), case .object = JSONValue(document.root) else {
            return body
        }
        var value = JSONValue(document.root)
        switch dialect {
        case .pipelogiq:
            guard var alert = value["alert"] else { return body }
            if newTitle != nil { alert["title"] = .text(title) }
            if newText != nil { alert["message"] = .text(text) }
            value["alert"] = alert
        case .beampipe: value["summary"] = .text(newText == nil ? title : text)
        }
        return value.json
    }
}

extension Cut.Limit {
    func with(_ count: Int) -> Cut.Limit {
        switch self {
        case .utf16: .utf16(count)
        case .bytes: .bytes(count)
        }
    }
}

extension Timestamp {
    /// RFC 3339 with whole seconds, UTC: `2026-02-16T12:00:00Z`.
    var seconds: String { "\(iso8601().prefix(19))Z" }

    /// Whole seconds since 1970.
    var unix: Int64 { microseconds / 1_000_000 }
}

extension AlertNotification {
    /// The body of a generic webhook. Contract beampipe §4.6, pipelogiq §6.6.
    var genericBody: JSONValue {
        if let document = try? JSONDocument(body), document.root.kind == .object {
            return JSONValue(document.root)
        }
        return dialect == .pipelogiq ? pipelogiqBody : beampipeBody
    }

    /// The alert object of contract pipelogiq §6.3.
    private var pipelogiqBody: JSONValue {
        var alert: JSONValue = [
            "event": .text(event), "title": .text(title), "message": .text(text),
            "severity": .text(severity == .critical ? "error" : severity.rawValue),
            "timestamp": .text(at.seconds), "dedupeKey": .text(incident),
        ]
        if !facts.isEmpty { alert["details"] = details(of: facts) }
        if state == .resolved { alert["status"] = "resolved" }
        return ["source": "pipelogiq", "channel": "webhook", "alert": alert]
    }

    private var beampipeBody: JSONValue {
        var links = details(of: facts)
        for link in self.links { links[link.text] = .text(link.url) }
        return [
            "alert": .text(event), "severity": .text(severity.rawValue),
            "project_module": .text(project ?? ""), "summary": .text(text.isEmpty ? title : text),
            "links": links, "fired_at": .text(at.iso8601(offset: .plusZero)),
        ]
    }

    private func details(of facts: [Fact]) -> JSONValue {
        var details = JSONValue.object([])
        for fact in facts { details[fact.name] = fact.value }
        return details
    }

    /// Facts and labels as one object.
    var customDetails: JSONValue {
        var details = details(of: facts)
        for label in labels where !label.value.isEmpty && details[label.name] == nil {
            details[label.name] = .text(label.value)
        }
        if suppressed > 0 { details["suppressed"] = .number(Array(String(suppressed).utf8)) }
        return details
    }
}

extension AlertNotification.Fact {
    /// The value; its text where it is not JSON.
    var value: JSONValue {
        (try? JSONDocument(json)).map { JSONValue($0.root) } ?? .text(String(decoding: json, as: UTF8.self))
    }
}
