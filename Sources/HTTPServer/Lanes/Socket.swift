internal import CLinux
internal import Glibc

/// A non-blocking stream socket; the descriptor is closed when the value ends.
struct Socket: ~Copyable {
    let descriptor: Int32

    deinit {
        Glibc.close(descriptor)
    }

    /// The result of a read.
    enum Received {
        case bytes(Int)
        case wouldBlock
        /// The peer has ended its sending direction.
        case ended
        case failed(Int32)
    }

    /// The result of a write.
    enum Sent {
        case bytes(Int)
        case wouldBlock
        case failed(Int32)
    }

    borrowing func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case let code: return .failed(code)
            }
        }
    }

    /// Never raises SIGPIPE.
    borrowing func send(_ buffer: UnsafeRawBufferPointer) -> Sent {
        sent { Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Sends several parts with one call; never raises SIGPIPE.
    borrowing func send(_ parts: UnsafeMutableBufferPointer<iovec>) -> Sent {
        var message = msghdr()
        message.msg_iov = parts.baseAddress
        message.msg_iovlen = parts.count
        return sent { sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL)) }
    }

    private borrowing func sent(_ call: () -> Int) -> Sent {
        while true {
            let count = call()
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case let code: return .failed(code)
            }
        }
    }

    /// Ends the sending direction; reading continues.
    borrowing func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes closing send a reset, so that a truncated response can't be mistaken for a whole one.
    borrowing func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Reports the socket as not writable while this many bytes are unsent.
    borrowing func limitUnsent(to bytes: Int) {
        set(TCP_NOTSENT_LOWAT, level: Int32(IPPROTO_TCP), to: Int32(clamping: bytes))
    }

    /// Sets an option whose value is 0 or 1.
    borrowing func set(_ option: Int32, level: Int32, to value: Bool) {
        set(option, level: level, to: value ? 1 : 0)
    }

    /// Options are hints here, failure is harmless.
    private borrowing func set(_ option: Int32, level: Int32, to value: Int32) {
        var number = value
        setsockopt(descriptor, level, option, &number, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// A failed system call.
struct SystemCallError: Error {
    let call: String
    let code: Int32
}

// MARK: - Listening

extension Socket {
    static func make(family: Int32) throws(SystemCallError) -> Socket {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        if descriptor < 0 { throw SystemCallError(call: "socket", code: errno) }
        return Socket(descriptor: descriptor)
    }

    borrowing func bind(_ address: SocketAddress) throws(SystemCallError) {
        let result = address.withPointer { Glibc.bind(descriptor, $0, $1) }
        if result != 0 { throw SystemCallError(call: "bind", code: errno) }
    }

    borrowing func listen(backlog: Int) throws(SystemCallError) {
        if Glibc.listen(descriptor, Int32(clamping: backlog)) != 0 {
            throw SystemCallError(call: "listen", code: errno)
        }
    }

    /// The result of an attempt to accept.
    enum Accepted {
        case connection(descriptor: Int32, peer: SocketAddress)
        case wouldBlock
        /// Descriptors or memory have run out; the connection stays in the backlog.
        case exhausted(Int32)
        /// This connection is gone, or a signal came; the next one may be fine.
        case lost
    }

    borrowing func accept() -> Accepted {
        var peer = SocketAddress()
        let descriptor = peer.withMutablePointer { pointer, length in
            linux_accept4(
                self.descriptor,
                pointer,
                &length,
                Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            )
        }
        if descriptor >= 0 { return .connection(descriptor: descriptor, peer: peer) }
        switch errno {
        case EAGAIN: return .wouldBlock
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(errno)
        default: return .lost
        }
    }

    /// The address the socket is bound to.
    borrowing func localAddress() -> SocketAddress {
        var address = SocketAddress()
        _ = address.withMutablePointer { getsockname(descriptor, $0, &$1) }
        return address
    }
}
