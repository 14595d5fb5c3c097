import Core
import HTTP

/// The health responses of all surfaces.
enum HealthEncoder {
    /// The main listener: the members of all surfaces together, always 200, since it is a liveness check.
    static func main(_ database: DatabaseHealth, version: String) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", "ok")
            body.member("message", "App Started")
            body.member("database", database.text)
            body.member("service", "weir")
            body.member("version", version)
            storage(&body)
        }
        return .json(writer.bytes)
    }

    /// The listener profile `nextflow`: exactly the reference's response, including 503 and its wrapper (contract
    /// §1.4).
    static func nextflow(_ database: DatabaseHealth) -> Response {
        let isConnected = database == .connected
        var inner = JSONWriter()
        inner.object { body in
            body.member("message", "App Started")
            body.member("status", isConnected ? "Healthy" : "Unhealthy")
            body.member("database", database.text)
        }
        guard !isConnected else { return .json(inner.bytes) }
        var writer = JSONWriter()
        writer.object { $0.member("detail", raw: inner.bytes) }
        return .json(writer.bytes, status: .serviceUnavailable)
    }

    /// The listener profile `runs`: its version, and the storage settings that clients require.
    static func runs(version: String) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", "ok")
            body.member("version", version)
            storage(&body)
        }
        return .json(writer.bytes)
    }

    /// Liveness checks.
    static var alive: Response {
        var writer = JSONWriter()
        writer.object { $0.member("status", "ok") }
        return .json(writer.bytes)
    }

    /// Clients of the runs surface require these values, whatever the storage is.
    private static func storage(_ body: inout JSONWriter) {
        body.member("db_path", "postgresql")
        body.member("journal_mode", "DELETE")
        body.member("synchronous", "FULL")
    }
}
