internal import Dispatch
package import HTTP
internal import Logging
internal import Synchronization

/// The answer that one request is owed.
package final class Exchange: Sendable {
    /// Where the request was read and its answer is written.
    ///
    /// Many answers that are given within one block on the lane's queue cost one hop for all of them.
    package let lane: Lane

    private let connection: Connection
    private let number: UInt64
    private let isAnswered = Atomic<Bool>(false)

    init(connection: Connection, number: UInt64) {
        lane = connection.home.lane
        self.connection = connection
        self.number = number
    }

    deinit {
        guard !isAnswered.load(ordering: .relaxed) else { return }
        let (connection, number) = (connection, number)
        lane.run { connection.exchangeEnded(number: number) }
    }

    /// Answers the request; from any thread, once.
    ///
    /// On the lane the answer is written at once. What comes after the first answer, or after the server has
    /// given up waiting, is dropped.
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

    /// Answers with what an asynchronous function returns; it starts on the lane.
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
