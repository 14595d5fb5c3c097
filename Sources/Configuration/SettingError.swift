/// A value that a setting does not accept; its description is the one line that an operator reads.
package struct SettingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The variable or option that carried the value, as the user wrote it.
    package let carrier: String
    /// The value, nil when it is a secret.
    package let value: String?
    /// What is wrong with it.
    package let why: String
    /// What the setting takes.
    package let accepts: String

    /// Makes an error.
    package init(carrier: String, value: String?, why: String, accepts: String) {
        self.carrier = carrier
        self.value = value
        self.why = why
        self.accepts = accepts
    }

    package var description: String {
        let quoted = value.map { "\(carrier)='\($0)'" } ?? "the value of \(carrier)"
        return "\(quoted) is not usable: \(why). It takes \(accepts)."
    }
}
