import Foundation

/// Files beside the tests.
enum Fixture {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures")

    /// Bodies that real clients sent, in the order in which they sent them.
    static func bodies(_ name: String) throws -> [String] {
        try String(contentsOf: directory.appending(path: "\(name).ndjson"), encoding: .utf8)
            .split(separator: "\n").map(String.init)
    }

    /// The lines of a text file.
    static func lines(_ file: String) throws -> [String] {
        try String(contentsOf: directory.appending(path: file), encoding: .utf8)
            .split(separator: "\n").map(String.init)
    }

    /// Composed bodies of every event, by file name.
    static func samples() throws -> [(name: String, body: String)] {
        let folder = directory.appending(path: "weblog")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            (name, try String(contentsOf: folder.appending(path: name), encoding: .utf8))
        }
    }
}
