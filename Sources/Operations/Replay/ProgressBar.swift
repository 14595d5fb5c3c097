import Core
import Dispatch
import Glibc
import Synchronization
import WeirApp

/// A progress bar on a terminal.
package final class ProgressBar: Sendable {
    private let isShown: Bool
    private let unit: String
    private let begin = DispatchTime.now().uptimeNanoseconds
    // Guards the time of the last drawing, in nanoseconds.
    private let lastDrawn = Mutex<UInt64>(0)

    private let width: Int

    /// Makes a bar that counts `unit`; does nothing if it is not shown, or if standard error is not a terminal that
    /// can redraw a line.
    package init(isShown: Bool, unit: String = "lines") {
        let isDumb = ["", "dumb"].contains(ProcessEnvironment.variables["TERM"] ?? "")
        self.isShown = isShown && StandardStreams.isErrorTerminal && !isDumb
        self.unit = unit
        width = TextLayout.columns(of: STDERR_FILENO) ?? 80
    }

    /// Draws the progress, ten times a second at most.
    package func show(_ done: Int64, of total: Int64) {
        guard isShown else { return }
        let now = DispatchTime.now().uptimeNanoseconds
        let isDue = lastDrawn.withLock { last in
            guard now - last > 100_000_000 || done >= total else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        StandardStreams.write(Array(("\r" + line(done, total, now) + "\u{1B}[K").utf8), to: 2)
    }

    /// Ends the line.
    package func finish() {
        guard isShown, lastDrawn.withLock({ $0 }) > 0 else { return }
        StandardStreams.writeError("")
    }

    private func line(_ done: Int64, _ total: Int64, _ now: UInt64) -> String {
        let share = total > 0 ? min(1, Double(done) / Double(total)) : 1
        let seconds = Double(now - begin) / 1e9
        let left = share > 0.02 && share < 1 ? ", \(Int(seconds / share * (1 - share))) s left" : ""
        let text = "\(Int(share * 100)) %, \(done) of \(total) \(unit)\(left)"
        // A line that a narrow terminal breaks can't be redrawn.
        let room = min(30, width - text.count - 4)
        guard room > 0 else { return String(text.prefix(width - 1)) }
        let filled = Int(share * Double(room))
        return
            "[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: room - filled))] \(text)"
    }
}
