import WeirApp

/// The environment's address and token of the server that a command calls. An option of the command wins over them.
enum ServerVariables {
    /// `WEIR_URL`; the names of the original client are aliases. Without a slash at its end.
    static var url: String? {
        guard let text = value("WEIR_URL", "TELEMETRY_API_URL", "METRICS_API_URL") else { return nil }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// `WEIR_TOKEN`, a token as `weir token create` prints it; the original client's name is an alias.
    static var token: String? { value("WEIR_TOKEN", "TELEMETRY_API_AUTH_TOKEN") }

    private static func value(_ names: String...) -> String? {
        let variables = ProcessEnvironment.variables
        return names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
    }
}
