import ArgumentParser
import WeirApp

/// A question whose answer must be `yes`.
enum Confirmation {
    /// Returns if `--yes` was passed or the operator types yes; any other answer, and the end of input, mean no.
    ///
    /// - Throws: `CommandFailure` with exit code 2: nothing was changed.
    static func require(_ beforehand: Bool, _ question: String) throws {
        if beforehand { return }
        StandardStreams.writeError("\(question) Type yes to go on:")
        guard Interruption.waitForInput() else {
            throw CommandFailure("interrupted, nothing was changed", code: .notConfirmed)
        }
        guard readLine()?.lowercased() == "yes" else {
            throw CommandFailure(
                "not confirmed, nothing was changed; type yes, or pass --yes",
                code: .notConfirmed
            )
        }
    }
}
