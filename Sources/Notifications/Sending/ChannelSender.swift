package import Core
internal import HTTP
package import Outbound

/// Sends notifications over channels: one attempt a call; who calls repeats it. Contract pipelogiq §6.6–6.10. Any thread.
package final class ChannelSender: Sendable {
    /// What an operator decides, and what tests replace.
    package struct Options: Sendable {
        /// How long one attempt may take. Contract pipelogiq §6.7: 1 to 30 s.
        package var attemptTimeout: Duration = .seconds(10)
        /// Where messages may go.
        package var policy = OutboundPolicy.alerting()
        /// `http://proxy:3128`, over which requests of HTTP go; nil for none. Mail never goes over it.
        package var proxy: String?
        /// Where secrets may come from.
        package var secrets = SecretPolicy()
        /// The base URLs of services, in place of their own: for tests.
        package var bases: [ChannelKind: String] = [:]
        /// Which programs a channel of kind `exec` may run, as absolute paths; none by default.
        package var commands: Set<String> = []
        /// The name with which the client of SMTP introduces itself.
        package var hello = "localhost"
        /// A file with certificates of authorities in place of the system's.
        package var authorities: String?
        /// What requests name as their client.
        package var userAgent = "Weir"
        /// For how long a firing alert lives in Alertmanager unless it is repeated.
        package var alertmanagerHold: Duration = .seconds(300)
        /// How many attempts run at a time.
        package var parallel = 16
        /// The time of signatures and dates.
        package var clock: @Sendable () -> Timestamp = { Timestamp.now() }

        /// The defaults.
        package init() {}
    }

    let options: Options
    let client: OutboundClient
    let mail: MailClient

    /// Makes a sender.
    package init(_ options: Options = Options()) {
        self.options = options
        client = OutboundClient(
            policy: options.policy,
            parallel: options.parallel,
            proxy: options.proxy,
            authorities: options.authorities
        )
        mail = MailClient(
            policy: options.policy,
            parallel: options.parallel,
            authorities: options.authorities
        )
    }

    /// Makes one attempt, with an unsealed configuration. It ends within the timeout (mail: three times that), and its
    /// texts contain no secret.
    package func send(
        _ notification: AlertNotification,
        over configuration: ChannelConfiguration
    ) async -> SendOutcome {
        switch await resolve(configuration) {
        case .failure(let problem): return problem.outcome
        case .success(let resolved):
            let outcome = await attempt(notification.worded(by: resolved), resolved)
            return outcome.hiding(resolved.secretTexts + configuration.secretTexts)
        }
    }

    /// Says of several firing alerts at once that they go on, over a channel of kind `alertmanager`: one request, which
    /// the receiver takes whole or not at all. An Alertmanager forgets an alert that is not repeated. Any other kind is
    /// refused.
    package func repeatAlerts(
        _ notifications: [AlertNotification],
        over configuration: ChannelConfiguration
    ) async -> SendOutcome {
        guard configuration.kind == .alertmanager, let first = notifications.first else {
            return .refused(status: nil, why: "only alerts of an Alertmanager are repeated")
        }
        switch await resolve(configuration) {
        case .failure(let problem): return problem.outcome
        case .success(let resolved):
            let attempt = Attempt(sender: self, notification: first, configuration: resolved)
            let outcome = await attempt.alertmanager(notifications.map { $0.worded(by: resolved) })
            return outcome.hiding(resolved.secretTexts + configuration.secretTexts)
        }
    }

    /// Why a configuration cannot be used.
    private struct Problem: Error {
        let outcome: SendOutcome
    }

    /// The configuration with its secrets in clear.
    private func resolve(_ configuration: ChannelConfiguration) async
        -> Result<ChannelConfiguration, Problem>
    {
        let policy = options.secrets
        let resolution = await SecretReference.reading {
            Result { () throws(SecretReference.Failure) in try configuration.resolved(policy) }
        }
        switch resolution {
        case .failure(let failure):
            // Whoever deploys may be about to set it.
            return .failure(Problem(outcome: .again(status: nil, after: nil, why: failure.description)))
        case .success(let resolved):
            guard let problem = resolved.problems(resolvedPolicy).first else { return .success(resolved) }
            let why = "\(problem.path): \(problem.message)"
            return .failure(Problem(outcome: .refused(status: nil, why: why)))
        }
    }

    /// What has been resolved is plain, and was accepted before.
    private var resolvedPolicy: SecretPolicy {
        var policy = options.secrets
        policy.allowsInline = true
        return policy
    }

    private func attempt(_ notification: AlertNotification, _ configuration: ChannelConfiguration) async
        -> SendOutcome
    {
        let attempt = Attempt(sender: self, notification: notification, configuration: configuration)
        return switch configuration.kind {
        case .webhook: await attempt.webhook()
        case .email: await attempt.email()
        case .slack: await attempt.slack()
        case .teams: await attempt.teams()
        case .discord: await attempt.discord()
        case .telegram: await attempt.telegram()
        case .whatsapp: await attempt.whatsApp()
        case .pagerduty: await attempt.pagerDuty()
        case .opsgenie: await attempt.opsgenie()
        case .alertmanager: await attempt.alertmanager()
        case .exec: await attempt.exec()
        }
    }
}
