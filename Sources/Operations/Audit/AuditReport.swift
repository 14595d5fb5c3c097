import Configuration
import Core
import Ingest
import WeirApp

/// The answer to one question of the audit: a table, or the reason why there is none.
package struct AuditAnswer: Sendable {
    /// A value of the table.
    enum Cell: Hashable, Sendable {
        case text(String)
        case number(Int64, isEstimate: Bool)
    }

    let question: AuditQuestion
    var columns: [String] = []
    var rows: [[Cell]] = []
    /// Why there is no answer.
    package var failure: String?

    init(_ question: AuditQuestion) {
        self.question = question
    }

    /// The table under its title, with aligned columns and sizes in units.
    var lines: [String] {
        if let failure { return [question.title, "  no answer: \(failure)"] }
        guard !rows.isEmpty else { return [question.title, "  \(question.ifEmpty)"] }
        let texts = rows.map { row in zip(columns, row).map(Self.shown) }
        let isNumber = columns.indices.map { column in
            rows.allSatisfy { if case .number = $0[column] { true } else { false } }
        }
        let wanted = columns.indices.map { column in
            texts.reduce(columns[column].count) { max($0, $1[column].count) }
        }
        let widths = Self.fitted(wanted, isNumber)
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                let cell = Self.cut(cells[column], to: widths[column])
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                return isNumber[column] ? blanks + cell : cell + blanks
            }
            let joined = "  " + padded.joined(separator: "  ")
            return String(joined.reversed().drop { $0 == " " }.reversed())
        }
        return [question.title, line(columns.map { $0.replacingUnderscores })] + texts.map(line)
    }

    /// The widths of columns in a terminal: the widest text columns are cut until the line fits, but not below 12.
    /// `--json` shows everything.
    private static func fitted(_ wanted: [Int], _ isNumber: [Bool]) -> [Int] {
        var widths = wanted
        while widths.reduce(0, +) + 2 * widths.count > TextLayout.width {
            let texts = widths.indices.filter { !isNumber[$0] && widths[$0] > 12 }
            guard let widest = texts.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(width - 1) + "…"
    }

    private static func shown(_ column: String, _ cell: Cell) -> String {
        switch cell {
        case .text(let text):
            String(TerminalText.value(String(text.map { $0.isNewline ? " " : $0 })).prefix(80))
        case .number(let number, _) where column.hasSuffix("bytes"): ByteSize(Int(number)).approximately
        case .number(let number, let isEstimate): "\(isEstimate ? "~" : "")\(number)"
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("name", question.name)
            object.member("title", question.title)
            if let failure { object.member("failure", failure) }
            object.array("rows") { list in
                for row in rows {
                    list.object { members in
                        for (column, cell) in zip(columns, row) {
                            switch cell {
                            case .text(let text): members.member(column, text)
                            case .number(let number, let isEstimate):
                                members.member(column, number)
                                if isEstimate { members.member("\(column)_is_estimate", true) }
                            }
                        }
                    }
                }
            }
        }
    }
}

extension String {
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}

/// The result of an audit.
package struct AuditReport: Sendable {
    struct Facts: Sendable {
        let database: String
        let server: String
        let bytes: Int64
        let at: Timestamp
    }

    let facts: Facts
    let answers: [AuditAnswer]

    /// Whether every question was answered.
    package var isComplete: Bool { answers.allSatisfy { $0.failure == nil } }

    /// The report as text.
    package var lines: [String] {
        let size = ByteSize(Int(facts.bytes)).approximately
        let head =
            "\(facts.database), \(size), PostgreSQL \(facts.server), at \(facts.at.description.prefix(19))Z"
        let hasEstimates = answers.contains { answer in
            answer.rows.contains { row in
                row.contains { if case .number(_, true) = $0 { true } else { false } }
            }
        }
        let note = hasEstimates ? ["", "~ is the estimate of PostgreSQL; --exact counts."] : []
        return TextLayout.wrapped(head, rest: "  ") + answers.flatMap { [""] + $0.lines } + note
    }

    /// The report for programs: one object.
    package var json: String {
        var writer = JSONWriter()
        writer.object { object in
            object.member("database", facts.database)
            object.member("server_version", facts.server)
            object.member("bytes", facts.bytes)
            object.member("at", facts.at)
            object.array("answers") { list in
                for answer in answers { answer.write(to: &list) }
            }
        }
        return writer.text
    }
}
