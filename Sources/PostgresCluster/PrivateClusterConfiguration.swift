/// The configuration of a private cluster.
package struct PrivateClusterConfiguration: Sendable {
    /// The cluster's own directory, made with mode 0700; only its parent must exist. Absolute.
    package var directory: String
    /// A file outside of `directory` that is made with the cluster: with it, a missing cluster counts as lost, and
    /// not as never made. Nil makes none.
    package var marker: String?
    /// The directory of the binaries (`WEIR_PG_BIN`), or nil to search for them.
    package var binaries: String?
    /// The name of the database.
    package var database: String
    /// The superuser's name, who needs no password: only Weir's user may enter the directory of the socket.
    package var user: String
    /// Whether commits survive a crash of the machine. Off for tests only.
    package var isDurable: Bool
    /// The timeout of a start, including recovery.
    package var startTimeout: Duration
    /// How long a fast shutdown may take before an immediate one is requested.
    package var stopTimeout: Duration
    /// Server settings in addition to Weir's own.
    package var settings: [String: String]
    /// Where a short directory for the socket is made when `directory` is too long; `XDG_RUNTIME_DIR`, or nil for
    /// `/tmp`.
    package var runtimeDirectory: String?

    /// Creates a configuration; all but the directory have defaults.
    package init(
        directory: String,
        marker: String? = nil,
        binaries: String? = nil,
        database: String = "weir",
        user: String = "weir",
        isDurable: Bool = true,
        startTimeout: Duration = .seconds(120),
        stopTimeout: Duration = .seconds(20),
        settings: [String: String] = [:],
        runtimeDirectory: String? = nil
    ) {
        self.directory = directory
        self.marker = marker
        self.binaries = binaries
        self.database = database
        self.user = user
        self.isDurable = isDurable
        self.startTimeout = startTimeout
        self.stopTimeout = stopTimeout
        self.settings = settings
        self.runtimeDirectory = runtimeDirectory
    }

    /// The settings of the server, modest enough for a machine with other work.
    func serverSettings(socketDirectory: String) -> [String: String] {
        var all = [
            "listen_addresses": "", "unix_socket_directories": socketDirectory,
            "unix_socket_permissions": "0700", "port": "5432", "cluster_name": "weir",
            "max_connections": "64", "shared_buffers": "128MB", "work_mem": "8MB",
            "maintenance_work_mem": "64MB", "effective_cache_size": "512MB", "jit": "off",
            "min_wal_size": "80MB", "max_wal_size": "1GB", "checkpoint_timeout": "15min",
            "wal_compression": "off", "log_destination": "stderr", "logging_collector": "off",
            "log_min_messages": "warning", "timezone": "UTC", "log_timezone": "UTC",
        ]
        if !isDurable {
            // Commits still survive a killed server: synchronous_commit stays on.
            let risky = ["fsync": "off", "full_page_writes": "off"]
            all.merge(risky) { _, new in new }
            all["shared_buffers"] = "16MB"
        }
        return all.merging(settings) { _, new in new }
    }
}
