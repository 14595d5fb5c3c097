/// Posts until there is an answer that tells something, and waits when the server asks for it.
final class PatientPoster {
    /// How long one request is repeated, in seconds, before the import ends.
    static let patience = 300
    private static let longestWait = 60

    private let transport: any ImportTransport
    private let wait: (_ seconds: Int) -> Void
    private var hasAnswered = false

    init(_ transport: any ImportTransport, wait: @escaping (_ seconds: Int) -> Void) {
        self.transport = transport
        self.wait = wait
    }

    /// Posts a body. Posting it again creates no duplicates.
    func post(_ path: String, _ body: [UInt8]) throws(SendingFailure) -> ImportAnswer {
        var waited = 0
        var pause = 1
        while true {
            let (answer, trouble) = attempt(path, body)
            if let answer {
                hasAnswered = true
                guard try Self.asksToWait(answer, path) else { return answer }
            }
            // Somebody who never answered is not restarting; he is not there.
            guard hasAnswered else { throw .noAnswer(trouble) }
            guard waited < Self.patience else {
                throw answer.map { .busy(status: $0.status, seconds: waited) } ?? .noAnswer(trouble)
            }
            let seconds = min(max(answer?.retryAfterSeconds ?? pause, 1), Self.longestWait)
            wait(seconds)
            waited += seconds
            pause = min(pause * 2, Self.longestWait)
        }
    }

    private func attempt(_ path: String, _ body: [UInt8]) -> (answer: ImportAnswer?, trouble: String) {
        do throws(TransportFailure) {
            return (try transport.post(path, body), "")
        } catch {
            return (nil, error.description)
        }
    }

    private static func asksToWait(_ answer: ImportAnswer, _ path: String) throws(SendingFailure) -> Bool {
        switch answer.status {
        case 401, 403: throw .refusedCredentials(status: answer.status)
        case 404, 405: throw .noSuchRoute(path: path, status: answer.status)
        case 429, 502, 503, 504, 507: return true
        default: return false
        }
    }
}
