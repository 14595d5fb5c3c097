import Configuration
import HTTPServer
import Journal
import Postgres
import PostgresCluster

/// Any error as the one line for the operator before the exit code.
package struct StartError: Error, Sendable, CustomStringConvertible {
    /// The sentence, without a line break.
    package let line: String
    /// Whether a setting has to be changed: exit code 78 instead of 1.
    package let isConfiguration: Bool

    package var description: String { line }

    /// Makes an error with this line.
    package init(_ line: String, isConfiguration: Bool = false) {
        self.line = String(line.map { $0.isNewline ? " " : $0 })
        self.isConfiguration = isConfiguration
    }

    /// Describes any error of a part.
    package static func describing(_ error: any Error) -> StartError {
        switch error {
        case let error as StartError: error
        case let error as SettingError: StartError(error.description, isConfiguration: true)
        case let error as UnsafeBindError: StartError(error.description, isConfiguration: true)
        case let error as ConnectionTargetError:
            StartError("DATABASE_URL is not usable: \(error)", isConfiguration: true)
        case let error as ListenError: StartError(error.description)
        case let error as PostgresError where ["42P01", "42703", "3F000"].contains(error.sqlState):
            StartError("the database's schema is not up to date: run `weir migrate` (\(error.message))")
        case let error as PostgresError: StartError(words(for: error), isConfiguration: error.isFatalAtStart)
        case let misfit as DatabaseMisfit: StartError(misfit.description, isConfiguration: true)
        case let error as JournalError: StartError(words(for: error))
        case let error as DataDirectoryError: StartError(error.description)
        case let error as ClusterError:
            StartError(error.description, isConfiguration: isForOperator(error))
        case let error as MigrationError:
            StartError(words(for: error), isConfiguration: error.isOfAnotherBuild)
        default: StartError("\(error)")
        }
    }

    private static func words(for error: MigrationError) -> String {
        guard error.isOfAnotherBuild else { return error.description }
        return """
            \(error): another build of Weir made the tables. Use that build, or make an empty database and fill it from the \
            journal with `weir replay`. A private cluster is made anew and filled when its directory is gone: move \
            `postgres` out of the data directory, and start Weir
            """
    }

    /// Whether another start would not fix it.
    private static func isForOperator(_ error: ClusterError) -> Bool {
        ["no_binaries", "version_mismatch", "privileges"].contains(error.reason)
    }

    private static func words(for error: PostgresError) -> String {
        switch error.kind {
        case .authentication:
            "PostgreSQL refuses user or password; check DATABASE_URL and pg_hba.conf (\(error.message))"
        case .forbidden:
            "PostgreSQL refuses Weir's role: \(error.context): \(error.message); GRANT it that right"
        case .tooManyConnections:
            "PostgreSQL has no free connection (\(error.message)). \(DatabaseTrouble(error).advice)"
        case .missingDatabase:
            """
            the database does not exist; make it with createdb --encoding=UTF8 --template=template0, or correct \
            DATABASE_URL (\(error.message))
            """
        case .unsupportedServer: "this PostgreSQL is too old: \(error.message)"
        case .unreachable: "PostgreSQL cannot be reached; is it running? (\(error.message))"
        default: error.description
        }
    }

    private static func words(for error: JournalError) -> String {
        switch error {
        case .locked(let path, let holder):
            "the data directory \(path) is in use by another Weir (\(holder)); stop that one, or set WEIR_DATA_DIR"
        default: error.description
        }
    }
}
