/// Where secrets may come from. Contract beampipe §4.5, §11.
///
/// References could otherwise send any file or variable that the server can read to a webhook.
package struct SecretPolicy: Sendable {
    /// What the name of a variable in `{"env": NAME}` has to begin with; empty permits every variable.
    package var variablePrefix: String
    /// Which directories a file in `{"file": PATH}` may be in, or below; absolute.
    package var directories: [String]
    /// Whether the server is in production: `inline_dev` is refused then, and so are webhooks over plain HTTP.
    package var isProduction: Bool
    /// Whether plain strings are accepted as secrets, even in production.
    package var allowsInline: Bool

    /// Makes a policy; without arguments it is one for development that permits `WEIR_SECRET_…` and no files.
    package init(
        variablePrefix: String = "WEIR_SECRET_",
        directories: [String] = [],
        isProduction: Bool = false,
        allowsInline: Bool = false
    ) {
        self.variablePrefix = variablePrefix
        self.directories = directories
        self.isProduction = isProduction
        self.allowsInline = allowsInline
    }

    /// Whether a word names production: `production` or `prod`, with blanks and in any case. Contract beampipe §4.5.
    package static func isProduction(_ word: String) -> Bool {
        let word = word.filter { !$0.isWhitespace }.lowercased()
        return word == "production" || word == "prod"
    }

    /// Whether a plain string is accepted as a secret.
    var acceptsPlain: Bool { !isProduction || allowsInline }
}
