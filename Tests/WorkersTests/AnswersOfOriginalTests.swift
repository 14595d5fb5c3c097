import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Workers

/// 170 requests that were sent to the original server, and its answers. Contract noetl §6.
@Suite struct `Answers of the original` {
    /// Where Weir answers otherwise, as the contract's "new server" columns say.
    private static let others: [String: Int] = [
        "reg no body": 422, "reg empty obj": 422, "reg no base_url": 200, "reg bad capacity": 422,
        "reg nonstring name": 200, "reg array body": 422, "runtime reg bad kind": 422,
        "report no partition": 200, "self-report no partition": 200, "report unknown component": 404,
        "report runtime_id unknown": 404, "report runtime_id str": 404, "report runtime_id huge": 422,
        "report bad type enum": 422, "query nan": 200, "query ts": 200, "query labels": 200,
        "prom with labels": 200, "query limit=-1": 422, "query limit=10000": 200, "query runtime_id=0": 200,
        "query start_time=garbage": 422, "query metric_name=": 200, "self-report ghost": 404,
        "query start_time=2020-01-01T00:00:00+00:00&limit=1&metric_name=m_one": 200, "report spaces": 404,
        "report upper type": 422,
        "report nul byte": 422, "report nul label": 422, "GET partitions": 200,
    ]

    /// What a whole server answers: tested in `WeirAppTests`.
    private static let ofServer = [
        "root metrics", "health", "404", "HEAD prom", "OPTIONS report", "GET with origin", "PUT report",
        "self-report GET",
        "GET report", "rt dereg POST", "trailing slash",
    ]

    @Test(
        "are answered with the same status and at least the same members",
        arguments: [
            "server_answers_1.0.0", "server_answers_1.0.0_more", "server_answers_1.0.0_jsonb_as_text",
        ]
    )
    func answers(file: String) async throws {
        let weir = try WorkersHarness(adopting: file.hasSuffix("more") ? .heartbeat : .off)
        for name in ["demo-server", "noetl-server"] {
            try await weir.post("/api/runtime/register", #"{"name":"\#(name)","base_url":"http://d/api"}"#)
        }
        var asked = 0
        for probe in try WorkersHarness.fixture(file).elements {
            let name = probe["name"]?.string ?? ""
            if Self.ofServer.contains(name) { continue }
            let answer = try await Self.send(probe, name, to: weir)
            let recorded = Int(probe["status"]?.int64 ?? 0)
            let expected = name == "hb recreate minimal" ? 200 : Self.others[name] ?? recorded
            #expect(answer.status == expected, "\(name): \(answer.text.prefix(200))")
            asked += 1
            guard expected == recorded, let body = probe["body"] else { continue }
            let missing = Self.members(body).subtracting(Self.members(try? answer.json))
            #expect(missing.filter { !$0.contains("labels.") && !$0.contains("runtime.") } == [], "\(name)")
        }
        #expect(asked >= 20)
    }

    private static func send(_ probe: JSONNode, _ name: String, to weir: WorkersHarness) async throws
        -> WorkersHarness.Answer
    {
        let request = probe["request"]
        let method = Method(request?["method"]?.string ?? "")
        let body = request?["body"]
        let text = body?.string ?? body.map { $0.isNull ? "" : String(decoding: $0.rawBytes, as: UTF8.self) }
        // The client that sent this one declared a form.
        let type = name == "report no content-type" ? "application/x-www-form-urlencoded" : "application/json"
        return try await weir.feature.send(
            method,
            request?["path"]?.string ?? "",
            body: text ?? "",
            fields: name == "report no ctype" ? [:] : ["Content-Type": type]
        )
    }

    /// The paths of all members of a JSON value, lists by their first element; of a text that is JSON, too.
    private static func members(_ node: JSONNode?, _ path: String = "") -> Set<String> {
        guard let node else { return [] }
        switch node.kind {
        case .object:
            return node.members.reduce(into: []) { found, member in
                let inner = "\(path).\(member.key.string ?? "")"
                found.insert(inner)
                found.formUnion(members(member.value, inner))
            }
        case .array: return members(Array(node.elements).first, "\(path)[]")
        case .string where path.isEmpty:
            return (try? JSONDocument(Array((node.string ?? "").utf8))).map { members($0.root) } ?? []
        default: return []
        }
    }
}
