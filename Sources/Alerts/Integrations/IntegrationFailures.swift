internal import API
internal import Core
internal import HTTP

/// The errors of contract pipelogiq §1.1.
extension ObservabilityFailure {
    /// A value of a document is not valid.
    static func config(
        _ type: IntegrationType,
        _ message: String,
        field: String? = nil,
        value: String? = nil,
        namesType: Bool = true
    ) -> ObservabilityFailure {
        var details = JSONWriter()
        details.object { details in
            if namesType { details.member("type", type.rawValue) }
            if let field { details.member("field", field) }
            if let value { details.member("value", value) }
        }
        return ObservabilityFailure(.badRequest, .invalidConfig, message, details: details.bytes)
    }

    /// The body is not one JSON object of the expected shape.
    static func payload(_ reason: String) -> ObservabilityFailure {
        var details = JSONWriter()
        details.value(reason)
        return ObservabilityFailure(
            .badRequest,
            .invalidPayload,
            "The body is not what this endpoint takes",
            details: details.bytes
        )
    }

    static func unknownType(_ sent: String) -> ObservabilityFailure {
        var details = JSONWriter()
        details.object { $0.member("type", sent) }
        let known = IntegrationType.allCases.map(\.rawValue).joined(separator: ", ")
        return ObservabilityFailure(
            .badRequest,
            .invalidType,
            "There is no such integration: the types are \(known)",
            details: details.bytes
        )
    }

    static func tooLarge(_ limit: Int) -> ObservabilityFailure {
        var details = JSONWriter()
        details.object { $0.member("maxBytes", limit) }
        return ObservabilityFailure(
            .badRequest,
            .configTooLarge,
            "The configuration is larger than \(limit) bytes",
            details: details.bytes
        )
    }
}
