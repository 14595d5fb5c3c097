import Postgres

extension Doctor {
    /// Binaries, server, schema; the server of a private cluster is not started for this.
    func database(_ directory: DataDirectory) async -> [Finding] {
        let source: DatabaseSource
        do {
            source = try DatabaseSource(settings, directory)
        } catch {
            return [Finding(.fail, "postgresql", "\(StartError.describing(error))")]
        }
        guard case .privateCluster(let cluster) = source else { return await server(source) }
        let binaries = await binaries()
        guard binaries.verdict == .ok else { return [binaries] }
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
            let pool = Pool(try source.target(), PoolConfiguration(limit: 1, session: session))
            let findings = try await pool.withConnection(Self.look)
            await pool.close()
            return findings
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
        } catch {
            return [Finding(.fail, "postgresql", "\(StartError.describing(error))")]
        }
    }

    private static func look(_ connection: Connection) throws -> [Finding] {
        let version = "\(connection.serverVersion / 10_000).\(connection.serverVersion % 10_000)"
        let reached = Finding(.ok, "postgresql", "version \(version)")
        let schema: Finding
        switch try Schema.migrator.state(connection) {
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
        return [reached, schema]
    }
}
