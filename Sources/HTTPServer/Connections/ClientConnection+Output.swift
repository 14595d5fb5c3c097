internal import HTTP
internal import Logging

/// Writing.
extension ClientConnection {
    /// Writes as much as the socket takes; the rest follows when it takes more.
    func flush() {
        guard !isParsing, !channel.isClosed else { return }
        var hasMoved = false
        while !outbound.isEmpty {
            let outcome =
                outbound.isShared
                ? outbound.withUnsentParts { channel.send($0) } : outbound.withUnsent { channel.send($0) }
            switch outcome {
            case .bytes(let count):
                outbound.advance(by: count)
                hasMoved = true
            case .wouldBlock:
                awaitRoom(hasMoved: hasMoved)
                return
            case .failed:
                close()
                return
            }
        }
        outboundDrained()
    }

    private func awaitRoom(hasMoved: Bool) {
        if hasMoved || writeDeadline == .max { writeDeadline = monotonicNow() &+ context.times.write }
        channel.resumeWriting()
    }

    /// The socket takes bytes again.
    func writable() {
        home.assertCurrent()
        flush()
        if outbound.isEmpty { resumeInput() }
    }

    private func outboundDrained() {
        writeDeadline = .max
        channel.pauseWriting()
        if !outbound.isBare { home.takeBack(outbound.takeMemory()) }
        releaseAnswers()
        drainWaiter.take()?.resume()
        switch ending {
        case .close: close()
        case .linger: linger()
        case .lingering, nil: break
        }
    }

    private func linger() {
        ending = .lingering
        channel.finishSending()
        if state.hasPeerEnded {
            close()
        } else {
            inputDeadline = monotonicNow() &+ context.times.linger
            channel.resumeReading()
        }
    }

    /// The metadata of a log line about this connection.
    var logMetadata: Logger.Metadata {
        [
            "http.listener": "\(info.listener.description)",
            "http.peer": "\(info.peer.address)",
            "request.id": "\(active?.id ?? "")",
        ]
    }
}
