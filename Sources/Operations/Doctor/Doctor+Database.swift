import Postgres
import PostgresCluster
import WeirApp

extension Doctor {
    /// Checks binaries, server and schema; does not start the server of a private cluster.
    ///
    /// Works without a data directory: an external PostgreSQL needs none.
    func database(_ directory: DataDirectory?) async -> [Finding] {
        do {
            if let directory {
                let source = try DatabaseSource(settings, directory)
                return await main(source) + replica(source)
            }
            guard let source = try DatabaseSource(external: settings) else { return [await binaries()] }
            return await main(source) + replica(source)
        } catch {
            return [
                Finding(
                    .fail,
                    "postgresql",
                    "\(StartError.describing(error))",
                    advice: "write it as postgresql://user:password@host:5432/database"
                )
            ]
        }
    }

    private func main(_ source: DatabaseSource) async -> [Finding] {
        guard case .privateCluster(let cluster) = source else { return await server(source) }
        let binaries = await binaries()
        guard binaries.verdict == .ok else { return [binaries] }
        guard !cluster.isLost else {
            return [
                binaries,
                Finding(
                    .fail,
                    "postgresql",
                    "the files of the private cluster in \(cluster.configuration.directory) are gone",
                    advice: """
                        bring them back (is a disk not mounted?), or start `weir serve`: it makes a new cluster and loads \
                        what the journal keeps; `weir restore` brings back a backup
                        """
                ),
            ]
        }
        guard cluster.isRunning else {
            return [
                binaries,
                Finding(.ok, "postgresql", "the private cluster is not running; `weir serve` starts it"),
            ]
        }
        return [binaries] + (await server(source))
    }

    private func binaries() async -> Finding {
        let explicit = settings.postgresBinaries
        do {
            let found = try await blocking { try ServerBinaries.find(explicit: explicit) }
            return Finding(.ok, "binaries", "PostgreSQL \(found.majorVersion) in \(found.directory)")
        } catch {
            return Finding(.fail, "binaries", "\(error)")
        }
    }

    private func server(_ source: DatabaseSource) async -> [Finding] {
        let session = SessionSettings(settings, applicationName: "weir-doctor")
        do {
            let target = try source.target()
            return try await blocking { [skips = settings.skipsMigrations] in
                try Connection.withTemporary(target, session) { connection in
                    let facts = try DatabaseFacts.fetch(connection, target, session)
                    return try Self.look(connection, facts, skipsMigrations: skips)
                }
            }
        } catch let error as PostgresError where error.kind == .unreachable {
            return [
                Finding(
                    .warn,
                    "postgresql",
                    "cannot be reached: \(error.message)",
                    advice:
                        "Weir starts without it and keeps events in the journal; rows come when it is there"
                )
            ]
        } catch let error as PostgresError {
            let verdict = error.isRetryable ? Finding.Verdict.warn : .fail
            let advice = DatabaseTrouble(error).advice
            return [Finding(verdict, "postgresql", "\(StartError.describing(error))", advice: advice)]
        } catch {
            return [Finding(.fail, "postgresql", "\(StartError.describing(error))")]
        }
    }

    // MARK: - The read replica

    private func replica(_ source: DatabaseSource) async -> [Finding] {
        do {
            guard let target = try source.replicaTarget(settings) else { return [] }
            let session = SessionSettings(settings, applicationName: "weir-doctor")
            let finding = try await blocking {
                try Connection.withTemporary(target, session) { try Self.lookAtReplica($0) }
            }
            return [finding]
        } catch let error as PostgresError where error.kind == .unreachable {
            return [
                Finding(
                    .warn,
                    "replica",
                    "cannot be reached: \(error.message)",
                    advice: "DATABASE_URL answers reads meanwhile"
                )
            ]
        } catch let error as PostgresError {
            return [Finding(.fail, "replica", error.description, advice: "check DATABASE_READ_URL")]
        } catch {
            return [Finding(.fail, "replica", "\(StartError.describing(error))")]
        }
    }

    private static func lookAtReplica(_ connection: Connection) throws -> Finding {
        let rows = try connection.execute(
            """
            SELECT
                pg_is_in_recovery() AS is_standby,
                coalesce(pg_last_wal_receive_lsn() <> pg_last_wal_replay_lsn(), false) AS is_behind,
                to_regclass('journal_position') IS NOT NULL AS is_ours
            """,
            []
        )
        guard let row = rows.first else { preconditionFailure("BUG: SELECT without FROM has one row") }
        guard try row.bool("is_ours") else {
            return Finding(
                .fail,
                "replica",
                "it has no tables of Weir",
                advice: "is it a replica of DATABASE_URL, and has that been migrated?"
            )
        }
        guard try row.bool("is_standby") else {
            return Finding(.ok, "replica", "answers, and is not a standby")
        }
        let isBehind = try row.bool("is_behind")
        return Finding(.ok, "replica", isBehind ? "a standby, replaying" : "a standby, nothing to replay")
    }

    private static func look(
        _ connection: Connection,
        _ facts: DatabaseFacts,
        skipsMigrations: Bool
    ) throws -> [Finding] {
        let version = "\(connection.serverVersion / 10_000).\(connection.serverVersion % 10_000)"
        let reached = Finding(.ok, "postgresql", "version \(version), \(facts.encoding)")
        // Later results of a shared session are unreliable.
        if let misfit = facts.misfit {
            return [reached, Finding(.fail, "database", misfit.finding, advice: misfit.advice)]
        }
        let state = try Schema.migrator.state(connection)
        var rights: [Finding] = []
        if let misfit = facts.creationMisfit {
            let isNeeded = state.map { !$0.isAtLeast(Schema.version) } ?? true
            let verdict = isNeeded && !skipsMigrations && !misfit.isPassing ? Finding.Verdict.fail : .warn
            rights.append(Finding(verdict, "database", misfit.finding, advice: misfit.advice))
        }
        return [reached] + rights + [schema(state)] + (try views(connection))
    }

    /// Dashboards ask the views of the schema `noetl`, which a database has once, and only some roles may make.
    private static func views(_ connection: Connection) throws -> [Finding] {
        let row = try connection.execute(
            """
            SELECT
                to_regprocedure('create_noetl_views()') IS NOT NULL AS is_known,
                to_regclass('noetl.metrics') IS NOT NULL AS has_views
            """,
            []
        )[0]
        guard try row.bool("is_known"), try !row.bool("has_views") else { return [] }
        return [
            Finding(
                .warn,
                "views",
                "the schema noetl, with the views for dashboards, could not be made",
                advice: """
                    as the owner of the database: CREATE SCHEMA noetl AUTHORIZATION <Weir's role>; and then as Weir's \
                    role: SELECT create_noetl_views();
                    """
            )
        ]
    }

    private static func schema(_ state: SchemaState?) -> Finding {
        let schema: Finding
        switch state {
        case .none: schema = Finding(.ok, "schema", "none yet; `weir serve` makes it")
        case .newer(let found, let known):
            schema = Finding(
                .fail,
                "schema",
                "version \(found), this Weir knows up to \(known)",
                advice: "use a newer Weir"
            )
        case .current(let found, _):
            schema =
                found >= Schema.version
                ? Finding(.ok, "schema", "version \(found)")
                : Finding(
                    .warn,
                    "schema",
                    "version \(found) of \(Schema.version)",
                    advice: "run `weir migrate`"
                )
        }
        return schema
    }
}
