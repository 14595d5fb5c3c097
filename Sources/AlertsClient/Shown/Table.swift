internal import Core

/// Rows in columns, as wide as their values and at most as wide as the terminal.
struct Table {
    struct Column {
        let title: String
        /// How narrow it may become; nil when it is never cut.
        var least: Int?

        init(_ title: String, least: Int? = nil) {
            self.title = title
            self.least = least
        }
    }

    private static let gap = "  "

    let columns: [Column]
    var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    mutating func append(_ row: [String]) { rows.append(row.map(TerminalText.value)) }

    /// A line of titles, and one for each row; the last column is not filled up.
    func lines(width: Int) -> [String] {
        let all = [columns.map(\.title)] + rows
        let widths = fitted(all, width)
        return all.map { row in
            let cells = row.indices.map { index in
                let cell = Self.cut(row[index], widths[index])
                let fill = index == row.count - 1 ? 0 : widths[index] - cell.count
                return cell + String(repeating: " ", count: fill)
            }
            return Self.trimmed(cells.joined(separator: Self.gap))
        }
    }

    /// The widest of the columns that may be cut gives first.
    private func fitted(_ all: [[String]], _ width: Int) -> [Int] {
        var widths = columns.indices.map { index in all.map { $0[index].count }.max() ?? 0 }
        var excess = widths.reduce(0, +) + Self.gap.count * (columns.count - 1) - width
        while excess > 0 {
            let open = columns.indices.filter { index in
                columns[index].least.map { widths[index] > $0 } ?? false
            }
            guard let widest = open.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private static func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }

    private static func trimmed(_ line: String) -> String {
        line.lastIndex { $0 != " " }.map { String(line[...$0]) } ?? ""
    }
}

/// Times in few characters.
enum Age {
    /// `12m`, `3h`, `2d`; empty for no time.
    static func text(_ time: Timestamp?, at now: Timestamp) -> String {
        guard let time else { return "" }
        return text(now - time)
    }

    /// How long it still is: the same for the future.
    static func text(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        return switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3600)h"
        default: "\(seconds / 86_400)d"
        }
    }
}
