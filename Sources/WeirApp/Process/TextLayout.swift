import Glibc

/// Text for people, in lines that a terminal need not break.
package enum TextLayout {
    /// The columns of the terminal behind standard output; 80 where there is none.
    package static var width: Int {
        columns(of: STDOUT_FILENO) ?? 80
    }

    /// The columns of a terminal, at least 40; nil for what is none or does not say.
    package static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return max(40, Int(size.ws_col))
    }

    /// Breaks a text at blanks: `first` stands before the first line, blanks as wide before the others, or `rest`.
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
