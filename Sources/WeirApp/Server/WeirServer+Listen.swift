import API
import HTTP
import HTTPServer
import Journal
import Logging
import Metrics
import Observability

extension WeirServer {
    /// The table of all routes.
    func makeTable(
        _ features: ServerFeatures,
        _ database: ServerDatabase,
        _ journal: Journal,
        _ registry: Registry
    ) -> RouteTable {
        let observability = ObservabilityRoutes(
            version: BuildInfo.version,
            build: BuildInfo.configuration,
            database: PoolHealth(pool: database.pool),
            readiness: Readiness(
                settings,
                keeper: database.keeper,
                replica: database.replica?.pool,
                journal: journal,
                lags: features.lags
            ),
            registry: registry
        )
        return RouteTable(
            routes: features.endpoints + observability.routes(describing: features.endpoints),
            profiles: observability.profiles.merging(features.profiles) { $0 + $1 }
        )
    }

    /// Opens the listeners: from here on Weir accepts events, with or without PostgreSQL.
    func listen(
        _ table: RouteTable,
        _ access: ServerAccess,
        _ registry: Registry
    ) throws -> [BoundAddress] {
        let door = FrontDoor(
            table: table,
            policy: access.policy,
            tokens: { [tokens = access.tokens] in tokens.table },
            redactor: Redactor(keys: settings.redactedKeys),
            proxies: settings.trustedProxies,
            cors: CORSPolicy(
                allowedOrigins: settings.corsOrigins,
                exposedFields: FrontDoor.exposedFields
            ),
            bodyLimits: FrontDoor.BodyLimits(ingest: settings.maxBody)
        )
        let observer = RequestObserver(
            proxies: settings.trustedProxies,
            registry: registry,
            endpoints: table.routes,
            spans: spans,
            logger: logger
        )
        let server = Server(
            configuration: serverConfiguration(),
            application: door,
            logger: logger,
            observer: observer
        )
        let addresses = try server.start()
        registry.addCollector { [weak server] snapshot in
            let held = server?.bodyBudget.heldBytes ?? 0
            snapshot.gauge(
                "weir_http_buffered_bytes",
                help: "Bytes of request bodies and large answers in memory.",
                Double(held)
            )
        }
        let patience = settings.drainTimeout
        teardown.add("server", within: patience + .seconds(8)) {
            await server.drain(deadline: patience)
            await server.stop()
        }
        return addresses
    }

    private func serverConfiguration() -> ServerConfiguration {
        var configuration = ServerConfiguration(settings)
        let limit = ProcessDescriptors.raiseLimit()
        configuration.maximumConnections = ProcessDescriptors.connections(
            wanted: settings.maxConnections,
            limit: limit,
            others: settings.poolSize
        )
        if configuration.maximumConnections < settings.maxConnections {
            logger.warning(
                "fewer connections than WEIR_MAX_CONNECTIONS: raise the limit of open files (ulimit -Hn)",
                metadata: [
                    "connections": "\(configuration.maximumConnections)",
                    "wanted": "\(settings.maxConnections)",
                    "open_files": "\(limit ?? 0)",
                ]
            )
        }
        return configuration
    }
}

extension ServerConfiguration {
    /// The configuration of listeners, limits and timeouts.
    init(_ settings: Settings) {
        self.init(listeners: settings.listen)
        if settings.lanes > 0 { laneCount = settings.lanes }
        maximumConnections = settings.maxConnections
        limits.headerBytes = settings.maxHeader
        limits.bodyBytes = settings.maxBody
        limits.decompressedBytes = max(limits.decompressedBytes, settings.maxBody)
        bufferedBodyBytes = settings.maxBuffered
        timeouts.head = settings.headTimeout
        timeouts.bodyWindow = settings.bodyTimeout
        timeouts.write = settings.writeTimeout
        timeouts.handler = settings.handlerTimeout
        timeouts.asyncHandler = max(timeouts.asyncHandler, settings.statementTimeout + settings.poolWait)
        // Closes later than announced, so that a request never arrives on a connection that is being closed.
        timeouts.idle = settings.idleTimeout + .seconds(5)
        announcedKeepAliveSeconds = Int(settings.idleTimeout.components.seconds)
    }
}
