internal import API
internal import Core
internal import Logging
internal import Notifications
internal import Postgres

/// Tests an integration by contacting what it names. Contract pipelogiq §1.6, §6.7.
struct IntegrationTester: Sendable {
    /// What a test said.
    struct Outcome: Sendable {
        /// Nil for a success.
        var error: String?
        var message = "Connection established successfully"
        var took: Duration?
        /// Of the alerting document: what each selected channel said.
        var results: [ChannelResult] = []
    }

    struct ChannelResult: Sendable {
        let channel: AlertingChannel
        let error: String?
        let milliseconds: Int64
    }

    let integrations: Integrations

    /// Tests what is stored, and stores what the test said.
    func test(_ type: IntegrationType) async throws -> Outcome {
        let integration = try await integrations.pool.withConnection { connection in
            try integrations.list(on: connection).first { $0.type == type }
        }
        guard let document = integration?.document, document.isConfigured else {
            let outcome = Outcome(error: "Integration not configured")
            await note(outcome, type, .notConfigured)
            return outcome
        }
        let start = ContinuousClock.now
        var outcome = await outcome(of: document)
        outcome.took = ContinuousClock.now - start
        await note(outcome, type, outcome.error == nil ? .connected : .disconnected)
        return outcome
    }

    /// What a test said is worth less than its answer: a failure to store it is logged.
    private func note(_ outcome: Outcome, _ type: IntegrationType, _ status: IntegrationStatus) async {
        do {
            try await integrations.pool.withConnection { connection in
                try connection.transaction {
                    try IntegrationStore.ensure(on: connection)
                    try IntegrationStore.note(outcome.error, of: type, status, at: .now(), on: connection)
                }
            }
        } catch {
            integrations.logger.warning(
                "the result of a test could not be stored",
                metadata: ["type": "\(type.rawValue)", "error": "\(error)"]
            )
        }
    }

    private func outcome(of document: IntegrationDocument) async -> Outcome {
        do throws(ReachabilityProbe.Failure) {
            switch document.type {
            case .opentelemetry:
                guard let check = IntegrationCheck.telemetry(document) else {
                    let why = "grpc reachability failed: there is no host and port in the endpoint"
                    return Outcome(error: why)
                }
                try await integrations.probe.run(check)
            case .graylog:
                let url = document.text("healthEndpoint") ?? document.text("baseUrl") ?? ""
                try await integrations.probe.http("GET", url)
                if let gelf = IntegrationCheck.gelf(document) { try await integrations.probe.run(gelf) }
            case .alerting:
                if let url = document.text("healthEndpoint") { try await integrations.probe.http("GET", url) }
                return await alerts(AlertingDocument(document))
            case .grafana: try await integrations.probe.run(.grafana(document))
            case .sentry:
                guard let check = IntegrationCheck.sentry(document) else {
                    return Outcome(error: "the DSN does not have the form https://key@host/project")
                }
                try await integrations.probe.run(check)
            case .datadog:
                guard let check = IntegrationCheck.datadog(document) else {
                    return Outcome(error: "the site is not one of Datadog, such as datadoghq.eu")
                }
                try await integrations.probe.run(check)
            }
            return Outcome()
        } catch {
            return Outcome(error: error.description)
        }
    }

    // MARK: - Alerts

    private func alerts(_ document: AlertingDocument) async -> Outcome {
        let plan = AlertingPlan(document, mail: integrations.rows.mail)
        let selected = AlertingChannel.allCases.filter(document.channels.contains)
        let deliverable = plan.channels.map(\.channel.rawValue).filter {
            ["telegram", "webhook"].contains($0)
        }
        let named = ["telegram", "webhook"].filter(deliverable.contains)
        let results = await withTaskGroup(of: ChannelResult.self) { group in
            for channel in selected {
                group.addTask { await send(over: channel, plan, named) }
            }
            var results: [ChannelResult] = []
            for await result in group { results.append(result) }
            return selected.compactMap { channel in results.first { $0.channel == channel } }
        }
        let failures = results.compactMap { result in result.error.map { "\(result.channel.rawValue): \($0)" }
        }
        return Outcome(
            error: failures.isEmpty ? nil : failures.joined(separator: "; "),
            message: "Test alert sent successfully",
            results: results
        )
    }

    private func send(over channel: AlertingChannel, _ plan: AlertingPlan, _ named: [String]) async
        -> ChannelResult
    {
        if let obstacle = plan.obstacle(to: channel) {
            return ChannelResult(channel: channel, error: obstacle, milliseconds: 0)
        }
        do {
            let id = AlertingPlan.id("channel", channel.name)
            guard
                let outcome = try await integrations.tester.test(id, TestAlert(channels: named).notification)
            else {
                let why = "the channel is not there: save the document again"
                return ChannelResult(channel: channel, error: why, milliseconds: 0)
            }
            let result = outcome.result
            return ChannelResult(
                channel: channel,
                error: result.status == "sent" ? nil : result.error ?? "it was not taken",
                milliseconds: result.milliseconds
            )
        } catch {
            integrations.logger.warning("a test alert was not sent", metadata: ["error": "\(error)"])
            return ChannelResult(channel: channel, error: "PostgreSQL cannot be reached", milliseconds: 0)
        }
    }
}
