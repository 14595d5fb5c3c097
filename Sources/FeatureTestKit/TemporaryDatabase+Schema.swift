internal import Migrations
internal import Postgres
package import TestKit

extension TemporaryDatabase {
    /// Makes a database with Weir's schema.
    package static func withSchema() throws -> TemporaryDatabase {
        try make(preparedAs: "weir-schema") { connection in
            for step in SchemaMigrations.steps { try connection.executeScript(step.sql) }
        }
    }
}
