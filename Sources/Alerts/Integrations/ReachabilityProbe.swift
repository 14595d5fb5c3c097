internal import Outbound

/// Whether a server answers. Contract pipelogiq §1.6.
struct ReachabilityProbe: Sendable {
    /// Why it does not, in the words of the contract.
    struct Failure: Error {
        let description: String
    }

    let client: OutboundClient
    var timeout = Duration.seconds(5)

    /// Makes a probe that calls what the policy permits, over a proxy if there is one.
    init(policy: OutboundPolicy, proxy: String? = nil) {
        client = OutboundClient(policy: policy, parallel: 4, proxy: proxy)
    }

    /// Sends a request; any answer below 500 is a success, a redirect included: it is not followed.
    func http(_ method: String, _ url: String) async throws(Failure) {
        let url = url.contains("://") ? url : "http://\(url)"
        let response = try await send(
            OutboundRequest(method, url, fields: [("Content-Type", "application/json")])
        )
        guard response.status < 500 else { throw Failure(description: IntegrationCheck.refusal(response)) }
    }

    /// Sends what a check asks, and judges the answer by it.
    func run(_ check: IntegrationCheck) async throws(Failure) {
        let response = try await send(check.request, by: check.way)
        if let problem = check.problem(response) { throw Failure(description: problem) }
    }

    private func send(
        _ request: OutboundRequest,
        by way: String = "http"
    ) async throws(Failure) -> OutboundResponse {
        guard OutboundAddress(request.url) != nil else {
            throw Failure(description: "invalid url: host is required")
        }
        var request = request
        request.timeout = timeout
        request.deadline = .now + timeout
        request.cutsAnswer = true
        do throws(OutboundError) {
            return try await client.send(request)
        } catch {
            throw Failure(description: "\(way) reachability failed: \(error.cause)")
        }
    }
}
