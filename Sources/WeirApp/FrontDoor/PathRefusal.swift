import API
import HTTP

/// The answers to requests that no endpoint takes, in the form of the server to whose clients a path belongs: they say
/// what there is instead, where Weir does not do what that server does.
enum PathRefusal {
    /// 404.
    static func notFound(_ path: String) -> Response {
        if let rest = rest(of: path, behind: platform) {
            guard let absence = absence(rest, platformAbsences) else {
                return ErrorEnvelope.platform.response(.notFound, "Not Found")
            }
            return OperatorFailure(.notFound, absence.message, action: absence.action).response
        }
        guard let rest = pipelinePath(path) else {
            return ErrorEnvelope.detail.response(.notFound, "Not Found")
        }
        let text = absence(rest, pipelineAbsences).map { "\($0.message) \($0.action)" }
        return ErrorEnvelope.plain.response(.notFound, text ?? "not found")
    }

    /// 405; Pipelogiq's has no body. Contract pipelogiq §0.3, beampipe §6.1 and D34.
    static func methodNotAllowed(_ path: String, _ allow: [Method]) -> Response {
        var response = envelope(path).response(.methodNotAllowed, "Method Not Allowed")
        if pipelinePath(path) != nil { response = Response(status: .methodNotAllowed) }
        response.fields.set("Allow", allow.map(\.name).joined(separator: ", "))
        return response
    }

    /// The form of errors where there is no endpoint that has one.
    static func envelope(_ path: String) -> ErrorEnvelope {
        if rest(of: path, behind: platform) != nil { return .platform }
        return pipelinePath(path) == nil ? .detail : .plain
    }

    // MARK: - Whose path it is

    private static let platform = "/api/v2"

    /// The first words of Pipelogiq's paths. Contract pipelogiq §0.4, §1, §7.
    private static let pipelineRoots: Set<Substring> = [
        "observability", "pipelines", "stages", "workers", "logs", "jobs", "rabbitmq", "auth", "policies",
        "ws",
    ]

    /// The words of a path of Pipelogiq's, with and without `/api` before them; nil for other paths.
    private static func pipelinePath(_ path: String) -> [Substring]? {
        let words = (path.hasPrefix("/api/") ? path.dropFirst(4) : path[...]).split(separator: "/")
        guard let root = words.first, pipelineRoots.contains(root) else { return nil }
        return words
    }

    private static func rest(of path: String, behind prefix: String) -> [Substring]? {
        guard path.hasPrefix(prefix + "/") else { return nil }
        return path.dropFirst(prefix.count).split(separator: "/")
    }

    // MARK: - What Weir does not do

    /// Something that a client may ask for in vain.
    private struct Absence {
        /// The words with which its paths begin; `*` stands for any one.
        let words: [[Substring]]
        /// Why it is not there.
        let message: String
        /// What there is instead.
        let action: String

        func covers(_ path: [Substring]) -> Bool {
            words.contains { words in
                words.count <= path.count && zip(words, path).allSatisfy { $0 == "*" || $0 == $1 }
            }
        }
    }

    private static func absence(_ path: [Substring], _ absences: [Absence]) -> Absence? {
        absences.first { $0.covers(path) }
    }

    private static let tokens =
        "Send Authorization: Bearer <token>; the operator makes one with `weir token create`."

    private static let platformAbsences = [
        Absence(
            words: [["login"], ["refresh"], ["logout"], ["user"], ["users"]],
            message: "Weir has tokens and no users.",
            action: tokens
        ),
        Absence(
            words: [["workers"]],
            message: "Weir hands out no jobs of the platform and keeps no leases.",
            action: "GET /api/worker/pools lists worker pools, GET /api/v2/overview counts them."
        ),
        Absence(
            words: [
                ["executions", "*", "execute"], ["executions", "*", "retry"], ["executions", "*", "cancel"],
                ["executions", "*", "outputs"], ["executions", "*", "submission"], ["jobs"], ["graphs"],
                ["scheduler"], ["daliuge"],
            ],
            message: "Weir runs and submits nothing.",
            action: "The backend does it, and says so with PATCH /api/v2/executions/{id}."
        ),
        Absence(
            words: [["sources"], ["project-configs"], ["deployment-profiles"]],
            message: "Weir keeps no registry of sources, of projects or of deployment profiles.",
            action:
                "GET /api/v2/sources/{source_identifier}/events and GET /api/v2/executions show what is known."
        ),
        Absence(
            words: [["docs"]],
            message: "Weir has no page that shows its API.",
            action: "GET /openapi.json describes it for programs."
        ),
    ]

    private static let pipelineAbsences = [
        Absence(
            words: [["jobs"]],
            message: "Weir hands out no jobs.",
            action:
                "A worker says what it does with POST /stages/{stageId}/status and /stages/{stageId}/result."
        ),
        Absence(
            words: [["rabbitmq"]],
            message: "Weir has no message broker.",
            action:
                "Workers speak HTTP: POST /workers/bootstrap, /stages/{stageId}/status, /stages/{stageId}/result."
        ),
        Absence(
            words: [["auth"]],
            message: "Weir has tokens and no sessions.",
            action: tokens
        ),
        Absence(
            words: [["policies"]],
            message: "Weir keeps no policies.",
            action: "POST /api/v2/alert-rules makes rules that tell people."
        ),
        Absence(
            words: [["ws"]],
            message: "Weir has no WebSocket.",
            action: "GET /api/v2/events/stream follows what happens, as server-sent events."
        ),
    ]
}
