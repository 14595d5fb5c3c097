internal import CLinux
internal import Dispatch
internal import Glibc

/// Reports which sockets of a lane can be read or written: one epoll instance behind one Dispatch source.
///
/// A source for each socket costs seven system calls a request more, since Dispatch arms every source anew
/// through its manager thread after every event. Used on one queue only.
final class Poller {
    /// What a socket can do now.
    struct Readiness {
        let isReadable: Bool
        let isWritable: Bool
        /// Both directions are closed, by a reset or because the peer is gone; always reported.
        let isDead: Bool
    }

    /// The events to watch of a socket.
    struct Interest: OptionSet {
        let rawValue: UInt32

        static let reading = Interest(rawValue: EPOLLIN.rawValue)
        static let writing = Interest(rawValue: EPOLLOUT.rawValue)
    }

    private let descriptor: Int32
    private let queue: DispatchQueue
    /// Made by `activate`; closes the descriptor when it ends.
    private var source: (any DispatchSourceRead)?
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// Events taken at once.
    private static let batch = 256
    /// Batches taken before other work on the queue gets its turn; the second one is nearly free.
    private static let rounds = 2

    init(queue: DispatchQueue) throws(SystemCallError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        if descriptor < 0 { throw SystemCallError(call: "epoll_create1", code: errno) }
        events = .allocate(capacity: Poller.batch)
        self.queue = queue
    }

    deinit {
        events.deallocate()
        if source == nil { Glibc.close(descriptor) }
    }

    /// Calls `ready` on the queue for each socket with events.
    func activate(ready: @escaping (_ descriptor: Int32, Readiness) -> Void) {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [weak self] in self?.poll(ready) }
        // Dispatch must have released the descriptor before it is closed.
        source.setCancelHandler { [descriptor] in _ = Glibc.close(descriptor) }
        source.activate()
        self.source = source
    }

    /// Ends it; must be called once after `activate`.
    func cancel() {
        source?.cancel()
    }

    /// Begins to watch a socket; false when the system has no room for it.
    func add(_ socket: Int32, _ interest: Interest) -> Bool {
        control(EPOLL_CTL_ADD, socket, interest) == 0
    }

    func change(_ socket: Int32, _ interest: Interest) {
        _ = control(EPOLL_CTL_MOD, socket, interest)
    }

    /// Ends watching; before the socket is closed.
    func remove(_ socket: Int32) {
        _ = control(EPOLL_CTL_DEL, socket, [])
    }

    private func control(_ operation: Int32, _ socket: Int32, _ interest: Interest) -> Int32 {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.fd = socket
        return epoll_ctl(descriptor, operation, socket, &event)
    }

    private func poll(_ ready: (Int32, Readiness) -> Void) {
        for _ in 0..<Poller.rounds {
            let count = epoll_wait(descriptor, events.baseAddress, Int32(events.count), 0)
            guard count > 0 else { return }
            for event in events.prefix(Int(count)) {
                let readiness = Readiness(
                    isReadable: event.events & EPOLLIN.rawValue != 0,
                    isWritable: event.events & EPOLLOUT.rawValue != 0,
                    isDead: event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
                )
                ready(event.data.fd, readiness)
            }
        }
    }
}
