import Core
import Foundation
import HTTP
import Logging
import Postgres
import TestKit
import Testing

@testable import API
@testable import Ingest
@testable import Nextflow

/// The reading routes over a database, called without a socket.
struct RouteHarness {
    let projection: ProjectionHarness
    let pool: Pool
    private let router: Router<Endpoint>

    init(
        over projection: ProjectionHarness? = nil,
        staleAfter: Duration = .seconds(86400),
        pageBytes: Int = PageLimit.defaultBytes
    ) throws {
        let projection = try projection ?? ProjectionHarness()
        self.projection = projection
        pool = Pool(projection.database.target)
        let gate = ReadGate(durableSeq: { 0 }, progress: StreamProgress(stream: "nextflow"), patience: .zero)
        let reader = StoreReader(pool: pool, gate: gate, logger: Logger(label: "weir.test"))
        let routes =
            ProcessMetricsRoutes(reader: reader, staleAfter: staleAfter, pageBytes: pageBytes).all
            + NextflowRunRoutes(reader: reader, staleAfter: staleAfter, pageBytes: pageBytes).all
        var router = Router<Endpoint>()
        for route in routes { router.add(route.method, route.path, route) }
        self.router = router
    }

    /// What a GET answers.
    struct Answer {
        let status: Int
        let text: String

        /// The body as Foundation reads it.
        var json: [String: Any] {
            get throws {
                let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
                return try #require(value as? [String: Any])
            }
        }

        /// A member that is a list of objects.
        func list(_ name: String) throws -> [[String: Any]] {
            try #require(try json[name] as? [[String: Any]])
        }
    }

    func get(_ target: String) async throws -> Answer {
        let head = RequestHead(method: .get, target: target)
        guard case .matched(let route, let parameters, _) = router.resolve(.get, head.path) else {
            return Answer(status: 404, text: "")
        }
        guard case .async(let handle) = route.handler else { throw Unexpected.callback }
        let response = await handle(Request(head: head, parameters: parameters, receivedAt: .now()))
        guard case .bytes(let bytes) = response.body else { throw Unexpected.body }
        return Answer(status: response.status.code, text: String(decoding: bytes, as: UTF8.self))
    }

    private enum Unexpected: Error {
        case callback
        case body
    }
}

/// JSON text without white space between its tokens.
func compact(_ json: String) -> String {
    var result = ""
    var isInString = false
    var isEscaped = false
    for character in json {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isInString = false
            }
        } else if character == "\"" {
            isInString = true
        } else if character.isWhitespace {
            continue
        }
        result.append(character)
    }
    return result
}

extension Fixture {
    /// A file of the worked example, by the name of its endpoint.
    static func metrics(_ name: String) throws -> String {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/metrics/\(name).json")
        return try String(contentsOf: file, encoding: .utf8)
    }
}
