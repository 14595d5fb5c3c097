package import Configuration

/// The settings of the server itself; features declare their own.
package struct ServerSettings: Sendable {
    /// All of them, in the order of `weir config` and of the documentation.
    var rows: [AnySetting] { databaseRows + networkRows + limitRows + journalRows + operationRows }
}

extension ServerSettings {
    /// The external PostgreSQL as it was given; nil is a private cluster in the data directory.
    package var databaseURL: Setting<String?> {
        Setting(
            "DATABASE_URL",
            .optionalText("a postgresql:// URL"),
            default: nil,
            flag: "database-url",
            aliases: ["SQLALCHEMY_URI"],
            isSecret: true,
            "The PostgreSQL to use; without it Weir runs a private cluster in its data directory."
        )
    }

    /// Its read replica as it was given; nil sends reads to the primary.
    package var databaseReadURL: Setting<String?> {
        Setting(
            "DATABASE_READ_URL",
            .optionalText("a postgresql:// URL"),
            default: nil,
            isSecret: true,
            "A read replica of DATABASE_URL that answers GETs; without it DATABASE_URL does."
        )
    }

    /// The directory of the journal, the private cluster and the mirrors.
    package var dataDirectory: Setting<String> {
        Setting(
            "WEIR_DATA_DIR",
            .text("a directory"),
            default: "./data",
            flag: "data-dir",
            "Where the journal, the private cluster and the mirrors of tokens are kept."
        )
    }

    /// The directory of `initdb` and `postgres` for the private cluster; nil searches for it.
    package var postgresBinaries: Setting<String?> {
        Setting(
            "WEIR_PG_BIN",
            .optionalText("a directory"),
            default: nil,
            "The directory of initdb and postgres for the private cluster; searched for when not set."
        )
    }

    package var poolSize: Setting<Int> {
        Setting(
            "WEIR_POOL_SIZE",
            .integer(2...1000),
            default: "8",
            "How many connections to PostgreSQL are kept for reading."
        )
    }

    package var poolWait: Setting<Duration> {
        Setting(
            "WEIR_POOL_WAIT",
            .duration(.milliseconds(1) ... .seconds(600)),
            default: "5s",
            "How long a request waits for a free connection before it is answered 503."
        )
    }

    package var statementTimeout: Setting<Duration> {
        Setting(
            "WEIR_STATEMENT_TIMEOUT",
            .duration(.zero ... .seconds(86_400)),
            default: "30s",
            "How long PostgreSQL may work on one statement; 0 is no limit."
        )
    }

    package var connectTimeout: Setting<Duration> {
        Setting(
            "WEIR_CONNECT_TIMEOUT",
            .duration(.seconds(1) ... .seconds(600)),
            default: "5s",
            "How long an attempt to connect to PostgreSQL may take."
        )
    }

    package var skipsMigrations: Setting<Bool> {
        Setting(
            "WEIR_SKIP_MIGRATIONS",
            .flag,
            default: "false",
            aliases: ["TELEMETRY_SKIP_DB_INIT"],
            "Leave the schema alone at start; `weir migrate` is then yours to run."
        )
    }

    /// The settings of the database and the data directory.
    var databaseRows: [AnySetting] {
        [
            databaseURL.row, databaseReadURL.row, dataDirectory.row, postgresBinaries.row, poolSize.row,
            poolWait.row, statementTimeout.row, connectTimeout.row, skipsMigrations.row,
        ]
    }
}
