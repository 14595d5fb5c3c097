internal import Core
internal import HTTP
internal import Outbound

/// One attempt to send one notification over one channel. Each vendor extends it.
struct Attempt: Sendable {
    let sender: ChannelSender
    /// As the channel's templates word it.
    let notification: AlertNotification
    /// Without references.
    let configuration: ChannelConfiguration

    var options: ChannelSender.Options { sender.options }

    /// The most bytes of an answer that are read; the rest says nothing that counts.
    static let answerLimit = 64 << 10

    /// The base URL of a service, without the last slash.
    func base(_ key: String, _ usual: String) -> String {
        var base = options.bases[configuration.kind] ?? configuration.text(key) ?? usual
        while base.hasSuffix("/") { base.removeLast() }
        return base
    }

    /// Posts JSON.
    func post(
        _ url: String,
        _ body: JSONValue,
        fields: [(name: String, value: String)] = []
    ) async -> Result<OutboundResponse, Failure> {
        await post(url, body.json, fields: [("Content-Type", "application/json")] + fields)
    }

    /// Posts bytes.
    func post(
        _ url: String,
        _ body: [UInt8],
        fields: [(name: String, value: String)]
    ) async -> Result<OutboundResponse, Failure> {
        var request = OutboundRequest("POST", url, fields: fields, body: body)
        if !fields.contains(where: { $0.name.lowercased() == "user-agent" }) {
            request.fields.append(("User-Agent", options.userAgent))
        }
        request.deadline = .now + options.attemptTimeout
        request.timeout = options.attemptTimeout
        request.answerLimit = Self.answerLimit
        request.cutsAnswer = true
        do throws(OutboundError) {
            return .success(try await sender.client.send(request))
        } catch {
            return .failure(Failure(outcome: Self.outcome(of: error)))
        }
    }

    /// Why there was no answer.
    struct Failure: Error {
        let outcome: SendOutcome
    }

    private static func outcome(of error: OutboundError) -> SendOutcome {
        switch error {
        // These stay as they are until somebody changes the channel or the settings.
        case .badURL, .badField, .forbidden: .refused(status: nil, why: error.description)
        default: .again(status: nil, after: nil, why: error.cause)
        }
    }
}

extension Result where Success == OutboundResponse, Failure == Attempt.Failure {
    /// The outcome: the answer as `read` takes it, or why there was none.
    func read(_ read: (OutboundResponse) -> SendOutcome) -> SendOutcome {
        switch self {
        case .success(let response): read(response)
        case .failure(let failure): failure.outcome
        }
    }
}
