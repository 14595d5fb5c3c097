internal import Dispatch
internal import Synchronization

/// Writes line feeds ahead of the lines of one segment, so that a line overwrites blocks that exist already and
/// its `fdatasync` has no metadata to write.
final class Prefill: Sendable {
    private static let piece = [UInt8](repeating: LineFormat.lineFeed, count: 262_144)

    private struct State {
        /// Below it the file holds lines or line feeds.
        var filledEnd: Int64
        var target: Int64 = 0
        var isFilling = false
        /// Sealed, or the disk is full: the writer appends without prefill from here on.
        var isOver = false
    }

    private let file: OpenFile
    private let files: FileOperations
    private let aheadBytes: Int64
    private let endOfSegment: Int64
    private let queue: DispatchQueue
    /// Guards the border between lines and line feeds; held while one piece is written, so that no piece can land
    /// on a line.
    private let state: Mutex<State>

    init(
        _ file: OpenFile,
        end: Int64,
        configuration: JournalConfiguration,
        files: FileOperations,
        queue: DispatchQueue
    ) {
        self.file = file
        self.files = files
        self.queue = queue
        aheadBytes = configuration.prefillBytes
        endOfSegment = configuration.segmentBytes
        state = Mutex(State(filledEnd: end))
    }

    /// Reserves the bytes up to `end` for lines: no line feed will be written below it any more.
    func claim(upTo end: Int64) {
        state.withLock { $0.filledEnd = max($0.filledEnd, end) }
    }

    /// Starts filling if less than half of the distance is left after `end`.
    func topUp(from end: Int64) {
        let shouldStart = state.withLock { state in
            guard !state.isOver, !state.isFilling, state.filledEnd - end < aheadBytes / 2 else {
                return false
            }
            state.target = min(end + aheadBytes, endOfSegment)
            state.isFilling = state.target > state.filledEnd
            return state.isFilling
        }
        guard shouldStart else { return }
        queue.async {
            while self.fillPiece() {}
            _ = self.files.synchronize(self.file.descriptor)
        }
    }

    /// After this no line feed is written.
    func stop() {
        state.withLock { $0.isOver = true }
    }

    private func fillPiece() -> Bool {
        state.withLock { state in
            let count = min(Int64(Self.piece.count), state.target - state.filledEnd)
            guard !state.isOver, count > 0 else {
                state.isFilling = false
                return false
            }
            let code = Self.piece.withUnsafeBytes {
                files.fill(
                    file.descriptor,
                    UnsafeRawBufferPointer(rebasing: $0[..<Int(count)]),
                    state.filledEnd
                )
            }
            // On a full disk the writes of lines will fail and report it.
            if code == 0 { state.filledEnd += count } else { state.isOver = true }
            return true
        }
    }
}
