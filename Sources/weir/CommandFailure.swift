import ArgumentParser
import WeirApp

/// Why a command fails: one line on stderr, and an exit code for scripts.
struct CommandFailure: Error, CustomStringConvertible {
    /// The exit codes beside 0 and ArgumentParser's 64 for wrong usage (sysexits.h).
    enum Code: Int32 {
        /// Something went wrong while running.
        case runtime = 1
        /// The operator did not confirm: nothing was changed.
        case notConfirmed = 2
        /// A setting is not usable.
        case configuration = 78
    }

    let description: String
    let code: Code

    init(_ description: String, code: Code = .runtime) {
        self.description = description
        self.code = code
    }
}

extension AsyncParsableCommand {
    /// Runs the body, and turns what it throws into one readable line and an exit code.
    func reportingFailures(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let code as ExitCode {
            throw code
        } catch let failure as CommandFailure {
            StandardStreams.writeError("weir: \(failure.description)")
            throw ExitCode(failure.code.rawValue)
        } catch {
            let failure = StartError.describing(error)
            StandardStreams.writeError("weir: \(failure.line)")
            throw ExitCode(failure.isConfiguration ? 78 : 1)
        }
    }
}
