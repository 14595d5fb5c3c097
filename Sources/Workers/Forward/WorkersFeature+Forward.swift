internal import Configuration
internal import Ingest
internal import Logging
internal import Outbound
internal import Postgres

extension Feature {
    /// Adds forwarding when there is a URL, and it is not one of this Weir: samples would go round for ever, and become
    /// more each time.
    static func forward(in server: inout FeatureSetup, _ progress: StreamProgress) {
        let metrics = ForwardMetrics(server.registry)
        guard let url = server.settings[ForwardSettings.url] else { return }
        let destination = ForwardDestination(url)
        guard !destination.isOne(of: server.ownAddresses) else {
            server.logger.error(
                "WEIR_REMOTE_WRITE_URL is this Weir itself, so that no samples are forwarded; set it to another receiver"
            )
            return
        }
        let sender = ForwardSender(
            destination: destination,
            headers: server.settings[ForwardSettings.headers],
            post: post(to: url),
            metrics: metrics,
            logger: server.logger
        )
        let forwarder = Forwarder(
            sender: sender,
            labels: server.settings[ForwardSettings.labels],
            pool: server.pool,
            journal: server.journal,
            progress: progress,
            lease: WorkLease(server.pool.target, for: .forward),
            metrics: metrics,
            logger: server.logger
        )
        server.tasks.append { await forwarder.run() }
    }

    private static func post(to url: String) -> ForwardSender.Post {
        let client = OutboundClient(parallel: 1)
        return { (fields, body) async throws(ForwardFailure) in
            var request = OutboundRequest("POST", url, body: body)
            request.fields = fields.map { ($0.name, $0.value) }
            request.timeout = .seconds(30)
            do throws(OutboundError) {
                let response = try await client.send(request)
                let seconds = response.field("retry-after").flatMap { Int64($0) }
                return ForwardAnswer(status: response.status, retryAfter: seconds)
            } catch {
                throw ForwardFailure(why: error.cause)
            }
        }
    }
}
