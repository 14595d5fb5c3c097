import Foundation
import Testing

/// A file of the repository that people read.
struct Document: Sendable, CustomTestStringConvertible {
    static let readme = Document("README.md")
    static let endpoints = Document("docs/endpoints.md")
    static let configuration = Document("docs/configuration.md")
    /// All that is written in Markdown, but for the sources.
    static let all: [Document] = {
        let manager = FileManager.default
        let folders = ["", "docs/", "docs/decisions/"]
        return folders.flatMap { folder in
            let names = (try? manager.contentsOfDirectory(atPath: root + "/" + folder)) ?? []
            return names.filter { $0.hasSuffix(".md") }.sorted().map { Document(folder + $0) }
        }
    }()

    /// The root of the repository.
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    let path: String
    let testDescription: String
    let text: String

    init(_ name: String) {
        testDescription = name
        path = Self.root + "/" + name
        text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// The file to which a link in this one leads.
    func neighbour(_ link: String) -> Document {
        let folder = URL(filePath: path).deletingLastPathComponent()
        let target = folder.appending(path: link).standardizedFileURL.path
        return Document(String(target.dropFirst(Self.root.count + 1)))
    }

    /// What links name behind `#`: headings in small letters, with hyphens for blanks.
    var anchors: [String] {
        text.matches(of: /(?m)^#+ (.*)$/).map { heading in
            heading.output.1.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
                .replacing(" ", with: "-")
        }
    }

    /// The code blocks in a language, indented ones too.
    func blocks(_ language: String) -> [String] {
        var blocks: [String] = []
        var current: [String]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bare = line.drop { $0 == " " }
            if let lines = current {
                current = bare.hasPrefix("```") ? nil : lines + [String(bare)]
                if current == nil { blocks.append(lines.joined(separator: "\n")) }
            } else if bare == "```" + language {
                current = []
            }
        }
        return blocks
    }

    /// The rows of all tables whose first cell is a name in code, by that name.
    var rows: [String: [String]] {
        var rows: [String: [String]] = [:]
        for match in text.matches(of: /(?m)^\| `([A-Z_]+)` \|(.*)\|$/) {
            rows[String(match.output.1)] = match.output.2.split(
                separator: "|",
                omittingEmptySubsequences: false
            )
            .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return rows
    }
}
