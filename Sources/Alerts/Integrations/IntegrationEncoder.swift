internal import Core
internal import Notifications

/// Integrations as JSON. Contract pipelogiq §1.3, §1.7.
enum IntegrationEncoder {
    /// `{"integrations": [...]}`, secrets masked.
    static func write(_ integrations: [Integration], at now: Timestamp, to writer: inout JSONWriter) {
        writer.object { root in
            root.array("integrations") { list in
                for integration in integrations {
                    list.object { write(integration, at: now, to: &$0) }
                }
            }
        }
    }

    private static func write(_ integration: Integration, at now: Timestamp, to object: inout JSONWriter) {
        object.member("type", integration.type.rawValue)
        object.member("status", integration.status(at: now).rawValue)
        let config = IntegrationSecrets(type: integration.type).masked(integration.document.value)
        if !config.members.isEmpty { object.member("config", raw: config.json) }
        if let time = integration.health.testedAt { object.member("lastTestedAt", time.wholeSeconds) }
        if let time = integration.health.succeededAt { object.member("lastSuccessAt", time.wholeSeconds) }
        if let error = integration.health.error?.trimmed, !error.isEmpty { object.member("lastError", error) }
    }

    /// The overview. What nothing measures is 0 or absent, as it was.
    static func writeOverview(_ integrations: [Integration], at now: Timestamp, to writer: inout JSONWriter) {
        func find(_ type: IntegrationType) -> Integration? { integrations.first { $0.type == type } }
        func isConfigured(_ type: IntegrationType) -> Bool {
            find(type).map { $0.status(at: now) != .notConfigured } ?? false
        }
        writer.object { root in
            root.object("otel") { otel in
                let health = find(.opentelemetry)?.health ?? IntegrationHealth()
                otel.member("configured", isConfigured(.opentelemetry))
                otel.member("connected", find(.opentelemetry)?.status(at: now) == .connected)
                if let time = health.succeededAt { otel.member("lastSuccessExportAt", time.wholeSeconds) }
                otel.member("exportRatePerMin", health.exportRatePerMinute)
                otel.member("dropRate", health.dropRate)
                if let error = health.error?.trimmed, !error.isEmpty { otel.member("lastError", error) }
            }
            root.object("prometheus") { prometheus in
                prometheus.member("configured", false)
                prometheus.member("connected", false)
                prometheus.member("scrapeEndpoint", "/metrics")
            }
            root.object("logs") { logs in
                let document = find(.graylog)?.document
                logs.member("configured", isConfigured(.graylog))
                if let provider = document?.text("provider") { logs.member("provider", provider) }
                logs.member("linkTemplateConfigured", document?.text("searchUrlTemplate") != nil)
            }
            root.object("alerting") { alerting in
                let document = find(.alerting).map { AlertingDocument($0.document) }
                alerting.member("configured", isConfigured(.alerting))
                alerting.array("channels") { list in
                    for word in document?.channelWords ?? [] { list.value(word) }
                }
                alerting.array("events") { list in
                    for word in document?.eventWords ?? [] { list.value(word) }
                }
            }
        }
    }
}
