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
        let policy = options.secrets
        let resolution = await SecretReference.reading {
            Result { () throws(SecretReference.Failure) in try configuration.resolved(policy) }
        }
        switch resolution {
        case .failure(let failure):
            // Whoever deploys may be about to set it.
            return .again(status: nil, after: nil, why: failure.description)
        case .success(let resolved):
            if let problem = resolved.problems(resolvedPolicy).first {
                return .refused(status: nil, why: "\(problem.path): \(problem.message)")
            }
            let outcome = await attempt(notification.worded(by: resolved), resolved)
            return outcome.hiding(resolved.secretTexts + configuration.secretTexts)
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
