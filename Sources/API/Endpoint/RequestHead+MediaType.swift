package import HTTP

extension RequestHead {
    /// Whether the content type is JSON; a missing one counts as JSON.
    package var declaresJSON: Bool {
        guard let type = fields["Content-Type"], !type.isEmpty, type != "application/json" else {
            return true
        }
        let essence = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        return essence == "application/json"
            || (essence.hasPrefix("application/") && essence.hasSuffix("+json"))
    }
}
