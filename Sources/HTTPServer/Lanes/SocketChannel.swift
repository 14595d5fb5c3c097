internal import Glibc

/// A connected socket and its registration with the lane's poller; used on the lane's queue only.
final class SocketChannel {
    let descriptor: Int32

    private var socket: Socket?
    private let poller: Poller
    private var interest: Poller.Interest = .reading
    private var isWatched = false

    init(_ socket: consuming Socket, poller: Poller) {
        descriptor = socket.descriptor
        self.poller = poller
        self.socket = consume socket
    }

    /// Whether `close` has been called.
    var isClosed: Bool { socket == nil }

    /// Whether `readable` events are wanted.
    var isReading: Bool { interest.contains(.reading) }

    /// Begins to watch; false when the system has no room for it.
    func open() -> Bool {
        isWatched = poller.add(descriptor, interest)
        return isWatched
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Socket.Received {
        socket?.receive(into: buffer) ?? .ended
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Socket.Sent {
        socket?.send(bytes) ?? .bytes(bytes.count)
    }

    /// Sends several parts with one call.
    func send(_ parts: UnsafeMutableBufferPointer<iovec>) -> Socket.Sent {
        socket?.send(parts) ?? .bytes(parts.reduce(0) { $0 + $1.iov_len })
    }

    func finishSending() {
        socket?.finishSending()
    }

    func resetOnClose() {
        socket?.resetOnClose()
    }

    func pauseReading() { want(interest.subtracting(.reading)) }

    func resumeReading() { want(interest.union(.reading)) }

    func pauseWriting() { want(interest.subtracting(.writing)) }

    func resumeWriting() { want(interest.union(.writing)) }

    /// Closes the descriptor at once.
    func close() {
        guard !isClosed else { return }
        if isWatched { poller.remove(descriptor) }
        socket = nil
    }

    private func want(_ new: Poller.Interest) {
        guard new != interest, !isClosed else { return }
        interest = new
        guard isWatched else { return }
        poller.change(descriptor, new)
    }
}
