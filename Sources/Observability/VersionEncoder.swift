import Core
import HTTP

/// The response of `/version`.
enum VersionEncoder {
    /// The listener profile `runs`: the version of the protocol, and nothing else.
    static func runs(version: String) -> Response {
        var writer = JSONWriter()
        writer.object { $0.member("version", version) }
        return .json(writer.bytes)
    }

    static func response(version: String, build: String) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("version", version)
            body.member("service", "weir")
            body.member("build", build)
        }
        return .json(writer.bytes)
    }
}
