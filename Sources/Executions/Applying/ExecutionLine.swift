internal import Core
internal import Journal

/// Lines of executions, made by endpoints.
enum ExecutionLine {
    /// The kinds of lines.
    enum Kind: String, CaseIterable {
        /// A new execution; its members are the id, the request's id and digest, the key of a repeatable request, and the
        /// sender's trace context.
        case create = "execution.create/1"
        /// A PATCH of an execution.
        case patch = "execution.patch/1"
        /// What was seen of an execution; `observation` is its id.
        case observation = "execution.observation/1"
    }

    enum Member {
        static let execution = "execution"
        static let request = "request"
        static let digest = "sha256"
        static let key = "key"
        static let observation = "observation"
        static let traceParent = "traceparent"
        static let traceState = "tracestate"
    }
}

extension LineMembers {
    /// Members by their names; those without a text are left out.
    static func present(_ members: [(name: String, text: String?)]) -> LineMembers {
        var bytes: [UInt8] = []
        for member in members {
            if let text = member.text { bytes += LineMembers([member.name: text]).bytes }
        }
        return LineMembers(bytes: bytes)
    }

    func uuid(_ name: String) -> UUID128? { self[name].flatMap { UUID128($0) } }
}
