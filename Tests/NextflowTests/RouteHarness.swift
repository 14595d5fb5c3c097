import API
import Configuration
import FeatureTestKit
import Foundation
import HTTP
import Ingest
import Postgres
import TestKit
import Testing

@testable import Nextflow

/// The reading routes over a database, called without a socket.
struct RouteHarness {
    let projection: ProjectionHarness
    private let feature: FeatureHarness

    var pool: Pool { feature.pool }

    init(
        over projection: ProjectionHarness? = nil,
        staleAfter: Duration = .seconds(86400),
        pageBytes: Int = PageLimit.defaultBytes
    ) throws {
        let projection = try projection ?? ProjectionHarness()
        self.projection = projection
        var settings = SettingValues()
        settings[NextflowSettings.staleAfter] = staleAfter
        settings[SharedSettings.maxPageBytes] = pageBytes
        feature = try FeatureHarness(.nextflow, settings: settings, loads: false, over: projection.database)
    }

    /// What a GET answers.
    struct Answer {
        let status: Int
        let text: String
        let fields: HeaderFields

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
        let answer = try await feature.send(.get, target)
        return Answer(status: answer.status, text: answer.text, fields: answer.fields)
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
