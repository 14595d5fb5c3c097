import Glibc
import Synchronization

/// Takes the lines for Weir out of a stream of bytes, and keeps the stream's last lines.
final class LineSifter: Sendable {
    private static let mark = Array("::weir ".utf8)
    private static let tailBytes = 4096
    private static let tailLines = 20

    private struct State {
        /// The beginning of a line that may become one for Weir.
        var held: [UInt8] = []
        var isLineStart = true
        /// The last bytes that were let through.
        var last: [UInt8] = []
    }

    private let keepsTail: Bool
    private let directive: @Sendable (String) -> Void
    // Guards the state of the current line and the last lines.
    private let state = Mutex(State())

    init(keepsTail: Bool, _ directive: @escaping @Sendable (String) -> Void) {
        self.keepsTail = keepsTail
        self.directive = directive
    }

    /// The last lines that were let through, without U+0000 and colour codes.
    var tail: String {
        let bytes = Self.withoutColours(state.withLock { $0.last }.filter { $0 != 0 })
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.suffix(Self.tailLines).joined(separator: "\n")
    }

    /// Takes the next bytes and returns those to pass on.
    func sift(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        state.withLock { state in
            var passed: [UInt8] = []
            passed.reserveCapacity(bytes.count)
            for byte in bytes { sift(byte, &state, &passed) }
            remember(passed, &state)
            return passed
        }
    }

    /// Ends the stream: returns the bytes that were held back, unless they are a line for Weir.
    func finish() -> [UInt8] {
        state.withLock { state in
            let held = state.held
            state.held = []
            if held.starts(with: Self.mark) {
                directive(String(decoding: held, as: UTF8.self))
                return []
            }
            remember(held, &state)
            return held
        }
    }

    private func sift(_ byte: UInt8, _ state: inout State, _ passed: inout [UInt8]) {
        guard state.isLineStart || !state.held.isEmpty else {
            passed.append(byte)
            state.isLineStart = byte == UInt8(ascii: "\n")
            return
        }
        state.isLineStart = false
        state.held.append(byte)
        if state.held.starts(with: Self.mark), state.held.count < Self.tailBytes {
            guard byte == UInt8(ascii: "\n") else { return }
            directive(String(decoding: state.held.dropLast(), as: UTF8.self))
            state.held = []
            state.isLineStart = true
        } else if state.held.count >= Self.mark.count || !Self.mark.starts(with: state.held) {
            passed.append(contentsOf: state.held)
            state.held = []
            state.isLineStart = byte == UInt8(ascii: "\n")
        }
    }

    private func remember(_ bytes: [UInt8], _ state: inout State) {
        guard keepsTail else { return }
        state.last.append(contentsOf: bytes.suffix(Self.tailBytes))
        if state.last.count > Self.tailBytes { state.last.removeFirst(state.last.count - Self.tailBytes) }
    }

    /// Leaves out ECMA-48 control sequences: ESC [ … and a letter.
    private static func withoutColours(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == 0x1B, rest.first == UInt8(ascii: "[") else {
                kept.append(byte)
                continue
            }
            rest = rest.dropFirst().drop { (0x20...0x3F).contains($0) }.dropFirst()
        }
        return kept
    }
}
