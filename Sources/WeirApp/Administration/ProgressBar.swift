import Core
import Dispatch
import Synchronization

/// A bar on a terminal that grows while something is done.
package final class ProgressBar: Sendable {
    private let isShown: Bool
    private let unit: String
    private let begin = DispatchTime.now().uptimeNanoseconds
    // Guards when the bar was last drawn, in nanoseconds.
    private let lastDrawn = Mutex<UInt64>(0)

    /// Makes a bar that counts `unit`; one that is not shown does nothing.
    package init(isShown: Bool, unit: String = "lines") {
        self.isShown = isShown
        self.unit = unit
    }

    /// Draws how far it is, ten times a second at most.
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
        let filled = Int(share * 30)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        let seconds = Double(now - begin) / 1e9
        let left = share > 0.02 && share < 1 ? ", \(Int(seconds / share * (1 - share))) s left" : ""
        return "[\(bar)] \(Int(share * 100)) %, \(done) of \(total) \(unit)\(left)"
    }
}
