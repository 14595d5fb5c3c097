/// What is wrong with a channel's configuration, for the person who wrote it. Contract beampipe §6.1, D18.
package struct ConfigProblem: Hashable, Sendable {
    /// `config.url`, `config.headers.Authorization`.
    package let path: String
    /// `config.missing`, `config.type`, `config.value`, `config.url`, `config.address`, `config.reference`,
    /// `config.inline_secret`, `config.template`.
    package let code: String
    /// What is wrong; it never contains the value.
    package let message: String
    /// What to do.
    package let hint: String?

    init(_ path: [String], _ code: String, _ message: String, hint: String? = nil) {
        self.path = (["config"] + path).joined(separator: ".")
        self.code = "config.\(code)"
        self.message = message
        self.hint = hint
    }
}
