internal import API
internal import Core
internal import Notifications

/// The configuration of one integration, with its secrets in clear. Contract pipelogiq §1.4.
struct IntegrationDocument: Sendable {
    let type: IntegrationType
    /// An object.
    let value: JSONValue

    init(_ type: IntegrationType, _ value: JSONValue) {
        self.type = type
        self.value = value.isObject ? value : .object([])
    }

    /// A text that is not blank, trimmed; nil for anything else.
    func text(_ key: String) -> String? {
        guard let text = value[key]?.string?.trimmed, !text.isEmpty else { return nil }
        return text
    }

    /// Refuses values that are not valid. What is missing is no error: it is not configured then.
    func check() throws(ObservabilityFailure) {
        switch type {
        case .opentelemetry: try checkTelemetry()
        case .alerting: try AlertingDocument(self).check()
        case .graylog: try checkTemplate("searchUrlTemplate", for: .logs)
        case .grafana, .sentry, .datadog: break
        }
    }

    /// Whether everything is there that the integration needs, and is valid.
    var isConfigured: Bool {
        do throws(ObservabilityFailure) {
            try check()
        } catch {
            return false
        }
        if type == .alerting { return AlertingDocument(self).isComplete }
        return type.requiredKeys.allSatisfy { text($0) != nil }
    }

    /// A template of a link that makes no link is refused before it is handed to a browser. Contract pipelogiq §2.6.
    private func checkTemplate(_ key: String, for purpose: LinkTemplate.Purpose) throws(ObservabilityFailure)
    {
        guard let text = text(key) else { return }
        do throws(LinkTemplate.Complaint) {
            _ = try LinkTemplate.read(text, for: purpose)
        } catch {
            throw .config(type, error.message, field: key)
        }
    }

    private func checkTelemetry() throws(ObservabilityFailure) {
        try checkTemplate("traceLinkTemplate", for: .trace)
        if let word = text("protocol"), !["grpc", "http"].contains(word.lowercased()) {
            throw .config(type, "The protocol is grpc or http")
        }
        if let headers = value["headers"], HeaderList(headers) == nil {
            throw .config(
                type,
                "Headers are an object of texts, lines key=value, or a comma list of them",
                field: "headers",
                namesType: false
            )
        }
        if let flag = value["tlsInsecure"], GoFlag(flag) == nil {
            throw .config(type, "tlsInsecure is true or false", field: "tlsInsecure")
        }
    }

    /// Whether two documents say the same; the order of members does not matter.
    static func areEqual(_ left: JSONValue, _ right: JSONValue) -> Bool { sorted(left) == sorted(right) }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(members.map { .init($0.name, sorted($0.value)) }.sorted { $0.name < $1.name })
        case .list(let elements): .list(elements.map(sorted))
        default: value
        }
    }
}

/// A boolean, or a text that Go reads as one. Contract pipelogiq §1.4.
struct GoFlag {
    let isOn: Bool

    /// Nil for anything else, null included.
    init?(_ value: JSONValue) {
        switch value {
        case .flag(let flag): isOn = flag
        case .text(let text):
            switch text.trimmed {
            case "1", "t", "T", "TRUE", "true", "True": isOn = true
            case "0", "f", "F", "FALSE", "false", "False": isOn = false
            default: return nil
            }
        default: return nil
        }
    }
}
