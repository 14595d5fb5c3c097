internal import Dispatch

/// A connected socket with its Dispatch sources, used on one queue only.
///
/// Keeps the rules that Dispatch traps on: suspensions are balanced, a cancelled source is resumed, and the
/// descriptor is closed when all sources have let go of it.
final class SocketChannel {
    private var socket: Socket?
    private let queue: DispatchQueue
    private let readSource: any DispatchSourceRead
    /// Made when the socket first takes less than it is given, and kept.
    private var writeSource: (any DispatchSourceWrite)?
    private var isReadingPaused = false
    private var isWritingPaused = true
    private var liveSources = 1
    private var closed: () -> Void = {}

    let descriptor: Int32

    /// Whether `close` has been called.
    private(set) var isClosed = false

    init(_ socket: consuming Socket, queue: DispatchQueue) {
        self.queue = queue
        descriptor = socket.descriptor
        readSource = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: queue)
        self.socket = consume socket
    }

    /// Calls `readable` whenever bytes or the end have arrived, and `closed` when the descriptor is closed.
    ///
    /// Both are kept until then. Call it once, before everything else.
    func open(readable: @escaping () -> Void, closed: @escaping () -> Void) {
        self.closed = closed
        readSource.setEventHandler(handler: readable)
        readSource.setCancelHandler { self.sourceEnded() }
        readSource.activate()
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Socket.Received {
        socket?.receive(into: buffer) ?? .ended
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Socket.Sent {
        socket?.send(bytes) ?? .bytes(bytes.count)
    }

    func finishSending() {
        socket?.finishSending()
    }

    func resetOnClose() {
        socket?.resetOnClose()
    }

    /// `readable` is not called until `resumeReading`.
    func pauseReading() {
        guard !isReadingPaused, !isClosed else { return }
        isReadingPaused = true
        readSource.suspend()
    }

    func resumeReading() {
        guard isReadingPaused else { return }
        isReadingPaused = false
        readSource.resume()
    }

    /// Calls `writable` whenever the socket takes bytes, until `pauseWriting`.
    func resumeWriting(writable: @escaping () -> Void) {
        guard isWritingPaused, !isClosed else { return }
        isWritingPaused = false
        if let writeSource {
            writeSource.resume()
            return
        }
        let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler(handler: writable)
        source.setCancelHandler { self.sourceEnded() }
        source.activate()
        writeSource = source
        liveSources += 1
    }

    func pauseWriting() {
        guard !isWritingPaused, !isClosed else { return }
        isWritingPaused = true
        writeSource?.suspend()
    }

    /// Lets go of the sources; the descriptor is closed soon after, on the queue.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        readSource.cancel()
        resumeReading()
        guard let writeSource else { return }
        writeSource.cancel()
        if isWritingPaused {
            isWritingPaused = false
            writeSource.resume()
        }
    }

    private func sourceEnded() {
        liveSources -= 1
        guard liveSources == 0 else { return }
        socket = nil
        closed()
        closed = {}
    }
}
