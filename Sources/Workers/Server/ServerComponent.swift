internal import Core
internal import Glibc

/// This server in its own registry. Contract noetl §2.5.
struct ServerComponent: Sendable {
    /// The name that the documents of the original use for it, too.
    static let alias = "server"

    let key: ComponentKey
    let hostname: String

    /// Names the server; the host's name comes from the kernel.
    init(name: String) {
        key = ComponentKey(type: .serverAPI, name: name)
        var buffer = [CChar](repeating: 0, count: 256)
        let isKnown = gethostname(&buffer, buffer.count - 1) == 0
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        hostname = isKnown ? String(decoding: bytes, as: UTF8.self) : "localhost"
    }

    /// What it says of itself.
    var registration: Registration {
        var runtime = JSONWriter()
        runtime.object { runtime in
            runtime.member("type", "server")
            runtime.member("pid", Int64(getpid()))
            runtime.member("hostname", hostname)
        }
        return Registration(
            key: key,
            status: "ready",
            address: nil,
            capacity: nil,
            labels: nil,
            runtime: runtime.bytes,
            runtimeType: "server"
        )
    }

    /// The labels of what it reports by itself.
    var labels: LabelSet {
        LabelSet([("component", key.name), ("hostname", hostname), ("instance", key.name)])
    }
}
