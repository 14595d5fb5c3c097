import Glibc
import Synchronization
import WeirApp

/// Passes bytes on as they come, but for lines that are meant for Weir; remembers the last lines.
final class LineSifter: Sendable {
    private static let mark = Array("::weir ".utf8)
    private static let tailBytes = 4096
    private static let tailLines = 20

    private let target: Int32
    private let keepsTail: Bool
    private let directive: @Sendable (String) -> Void
    // Guards the last bytes that were passed on.
    private let last = Mutex<[UInt8]>([])

    init(to target: Int32, keepsTail: Bool, _ directive: @escaping @Sendable (String) -> Void) {
        self.target = target
        self.keepsTail = keepsTail
        self.directive = directive
    }

    /// The last lines that were passed on, without U+0000.
    var tail: String {
        let bytes = last.withLock { $0 }.filter { $0 != 0 }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.suffix(Self.tailLines).joined(separator: "\n")
    }

    /// Reads to the end; blocks.
    func pump(_ source: Int32) {
        defer { close(source) }
        var block = [UInt8](repeating: 0, count: 64 << 10)
        // The beginning of a line that may yet become one for Weir.
        var held: [UInt8] = []
        var isLineStart = true
        while true {
            let count = read(source, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            var passed: [UInt8] = []
            for byte in block[..<count] {
                sift(byte, &held, &isLineStart, &passed)
            }
            // Nobody reads on: the command gets its SIGPIPE, as without us.
            guard pass(passed) else { return }
        }
        if held.starts(with: Self.mark) {
            directive(String(decoding: held, as: UTF8.self))
        } else {
            _ = pass(held)
        }
    }

    private func sift(
        _ byte: UInt8,
        _ held: inout [UInt8],
        _ isLineStart: inout Bool,
        _ passed: inout [UInt8]
    ) {
        guard isLineStart || !held.isEmpty else {
            passed.append(byte)
            isLineStart = byte == UInt8(ascii: "\n")
            return
        }
        isLineStart = false
        held.append(byte)
        if held.starts(with: Self.mark), held.count < Self.tailBytes {
            guard byte == UInt8(ascii: "\n") else { return }
            directive(String(decoding: held.dropLast(), as: UTF8.self))
            held = []
            isLineStart = true
        } else if held.count >= Self.mark.count || !Self.mark.starts(with: held) {
            passed.append(contentsOf: held)
            held = []
            isLineStart = byte == UInt8(ascii: "\n")
        }
    }

    private func pass(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty else { return true }
        guard StandardStreams.write(bytes, to: target) else { return false }
        guard keepsTail else { return true }
        last.withLock { last in
            last.append(contentsOf: bytes.suffix(Self.tailBytes))
            if last.count > Self.tailBytes { last.removeFirst(last.count - Self.tailBytes) }
        }
        return true
    }
}
