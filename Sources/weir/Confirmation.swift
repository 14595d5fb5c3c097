import ArgumentParser
import WeirApp

/// A question whose answer must be `yes`.
enum Confirmation {
    /// Goes on when it was answered beforehand, or is now; any other answer, and the end of input, are no.
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
