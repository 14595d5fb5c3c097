internal import Dispatch
package import HTTP
internal import Logging
internal import Synchronization

/// One request's response, to be given once.
package final class Exchange: Sendable {
    /// The lane on which the request was read and its response is written.
    ///
    /// Many responses that are given within one block on the lane's queue cost a single hop.
    package let lane: Lane

    private let connection: ClientConnection
    private let number: UInt64
    private let isAnswered = Atomic<Bool>(false)

    init(connection: ClientConnection, number: UInt64) {
        lane = connection.home.lane
        self.connection = connection
        self.number = number
    }

    deinit {
        guard !isAnswered.load(ordering: .relaxed) else { return }
        let (connection, number) = (connection, number)
        lane.run { connection.exchangeEnded(number: number) }
    }

    /// Responds to the request; from any thread, once.
    ///
    /// On the lane the response is written at once. A second response, or one after the server's timeout, is dropped.
    package func respond(_ response: Response) {
        guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else {
            connection.context.logger.error("BUG: a request was answered twice")
            return
        }
        if lane.isCurrent {
            deliver(response)
        } else {
            lane.queue.async { self.deliver(response) }
        }
    }

    /// Responds with the result of an asynchronous function, which starts on the lane.
    ///
    /// The task is cancelled when the connection ends or `Timeouts.asyncHandler` has passed.
    package func respond(async body: @escaping @Sendable () async -> Response) {
        let task = Task(executorPreference: lane) {
            self.respond(await body())
        }
        lane.run { self.connection.handlerContinues(in: task, number: self.number) }
    }

    private func deliver(_ response: Response) {
        if !connection.deliver(response, number: number) {
            connection.context.logger.debug("response came too late")
        }
    }
}
