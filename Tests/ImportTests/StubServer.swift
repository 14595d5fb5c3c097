import Core

@testable import Import

/// A server's runs and weblog routes as far as an import sees them: the first body of an event id wins, a negative
/// counter is an error of its row, and what is no text refuses the whole batch (contract runs §1.5).
final class StubServer: ImportTransport {
    struct Request {
        let path: String
        let body: [UInt8]

        var root: JSONNode {
            get throws { try JSONDocument(body).root }
        }
    }

    private(set) var requests: [Request] = []
    /// The runs by event id, as they came first.
    private(set) var runs: [String: JSONNode] = [:]
    /// How long its client waited, in seconds each.
    var waits: [Int] = []
    /// Says what a request gets instead of an answer of a server at work.
    var interfere: (Request) throws -> ImportAnswer? = { _ in nil }

    func post(_ path: String, _ body: [UInt8]) throws(TransportFailure) -> ImportAnswer {
        let request = Request(path: path, body: body)
        requests.append(request)
        do {
            if let answer = try interfere(request) { return answer }
            return path == RunSender.path ? try take(request) : ImportAnswer(status: 200, body: body)
        } catch let failure as TransportFailure {
            throw failure
        } catch {
            throw TransportFailure("\(error)")
        }
    }

    static func answer(_ status: Int, _ body: String = "", retryAfter: Int? = nil) -> ImportAnswer {
        ImportAnswer(status: status, retryAfterSeconds: retryAfter, body: Array(body.utf8))
    }

    private func take(_ request: Request) throws -> ImportAnswer {
        let batch = Array(try request.root.elements)
        let faults = batch.indices.filter { batch[$0]["agent_name"]?.string == nil }
        guard faults.isEmpty else {
            let items = faults.map { #"{"loc":["body",\#($0),"agent_name"],"msg":"Field required"}"# }
            return Self.answer(422, #"{"detail":[\#(items.joined(separator: ","))]}"#)
        }
        var (inserted, duplicates, errors) = (0, 0, [String]())
        for run in batch {
            let id = run["event_id"]?.string ?? ""
            if let count = run["items_failed"]?.int64, count < 0 {
                errors.append(#""\#(id): CHECK constraint failed: items_failed >= 0""#)
            } else if runs[id] != nil {
                duplicates += 1
            } else {
                runs[id] = run
                inserted += 1
            }
        }
        return Self.answer(
            200,
            """
            {"inserted":\(inserted),"duplicates":\(duplicates),"errors":[\(errors.joined(separator: ","))],\
            "total":\(batch.count)}
            """
        )
    }
}
