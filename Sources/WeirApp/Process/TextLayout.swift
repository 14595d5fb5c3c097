import Glibc

/// Text in lines that fit into a terminal.
package enum TextLayout {
    /// The columns of the terminal of standard output; 80 without one.
    package static var width: Int {
        columns(of: STDOUT_FILENO) ?? 80
    }

    /// The columns of a terminal, at least 40; nil if it is not a terminal or does not know.
    package static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return max(40, Int(size.ws_col))
    }

    /// Wraps a text at blanks: the first line starts with `first`, the others with `rest`, or with blanks of the same
    /// width.
    ///
    /// A word that is longer than a line, such as a path, stays whole.
    package static func wrapped(
        _ text: String,
        first: String = "",
        rest: String? = nil,
        width: Int = TextLayout.width
    ) -> [String] {
        let rest = rest ?? String(repeating: " ", count: first.count)
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                (line, isEmpty) = (rest, true)
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }
}
