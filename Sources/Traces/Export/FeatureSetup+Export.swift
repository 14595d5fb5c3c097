internal import Configuration
internal import HTTP
internal import Ingest
internal import Logging
internal import OTLPClient
internal import OpenTelemetry
internal import Outbound
internal import Postgres

extension FeatureSetup {
    /// Adds what exports runs, this Weir's own spans and its metrics, when there is a collector.
    mutating func addExport(of sources: [any TraceSource], _ metrics: TracesMetrics) {
        let queue = ExportQueue(
            sources: sources,
            settling: settings[TracesSettings.settling],
            patience: settings[TracesSettings.patience],
            most: settings[TracesSettings.mostWaiting],
            // Longer than a request may take: another Weir would send the same page.
            hold: max(.seconds(60), .milliseconds(settings[TracesSettings.timeout]) * 2)
        )
        // Also when nothing is exported: it may have been before.
        jobs.append(ExportCare(queue: queue, metrics: metrics, logger: logger).job)
        guard !settings[TracesSettings.isDisabled] else { return }
        let resource = TracesSettings.resource(settings)
        if settings[TracesSettings.tracesExporter].lowercased() != "none", let sender = sender(.traces) {
            export(sender, queue, resource, metrics)
        }
        if settings[TracesSettings.metricsExporter].lowercased() == "otlp", let sender = sender(.metrics) {
            let exporter = MetricsExporter(
                registry: registry,
                resource: resource,
                interval: .milliseconds(settings[TracesSettings.metricInterval]),
                sender: sender,
                logger: logger
            )
            tasks.append { await exporter.run() }
        }
    }

    private mutating func export(
        _ sender: OTLPSender,
        _ queue: ExportQueue,
        _ resource: [Attribute],
        _ metrics: TracesMetrics
    ) {
        let sampler = Sampler(
            name: settings[TracesSettings.sampler],
            argument: settings[TracesSettings.samplerArgument]
        )
        let batch = settings[TracesSettings.batchSize]
        spans.turnOn(sampler, capacity: settings[TracesSettings.queueSize])
        let own = OwnSpanExporter(
            recorder: spans,
            resource: resource,
            batch: min(batch, settings[TracesSettings.queueSize]),
            interval: .milliseconds(settings[TracesSettings.scheduleDelay]),
            send: sender.spans,
            metrics: metrics,
            logger: logger
        )
        tasks.append { await own.run() }
        guard settings[TracesSettings.exportsRuns] else { return }
        let runs = RunExporter(
            queue: queue,
            sampler: sampler,
            batch: batch,
            send: sender.spans,
            metrics: metrics,
            logger: logger,
            target: pool.target
        )
        tasks.append { await runs.run() }
    }

    /// The sender of a signal; nil without an endpoint, and with one that can't be used, which the log says.
    private func sender(_ signal: OTLPSignal) -> OTLPSender? {
        let own = settings[signal == .traces ? TracesSettings.tracesEndpoint : TracesSettings.metricsEndpoint]
        guard let text = own ?? settings[TracesSettings.endpoint] else { return nil }
        do throws(OTLPEndpoint.Fault) {
            var endpoint = try OTLPEndpoint(
                text,
                signal,
                transport: OTLPEndpoint.Transport(settings[TracesSettings.transport]),
                insecure: OTLPEndpoint.flag(settings[TracesSettings.isInsecure]),
                isOwn: own != nil
            )
            endpoint.headers = OTLPEndpoint.headers(settings[TracesSettings.headers] ?? "")
            let timeout = Duration.milliseconds(settings[TracesSettings.timeout])
            return OTLPSender(
                endpoint: endpoint,
                timeout: timeout,
                isCompressed: settings[TracesSettings.compression].lowercased() == "gzip",
                client: OutboundClient(parallel: 2, authorities: settings[TracesSettings.certificate])
            )
        } catch {
            logger.critical(
                "nothing is exported: see OTEL_EXPORTER_OTLP_ENDPOINT",
                metadata: ["signal": "\(signal.rawValue)", "why": "\(error)"]
            )
            return nil
        }
    }
}

extension TracesSettings {
    /// Who this Weir is: attributes that `OTEL_RESOURCE_ATTRIBUTES` names, and its name.
    static func resource(_ settings: SettingValues) -> [Attribute] {
        let named = OTLPEndpoint.pairs(settings[resourceAttributes] ?? "")
        var resource = [Attribute("service.name", settings[serviceName])]
        resource += named.filter { $0.name != "service.name" }.map { Attribute($0.name, $0.value) }
        resource += [
            Attribute("telemetry.sdk.name", "weir"), Attribute("telemetry.sdk.language", "swift"),
        ]
        return resource
    }
}
