import Glibc
import Postgres
import Testing

@testable import PostgresCluster

@Suite struct `A private cluster` {
    /// A directory that any user may pass through, removed with everything in it at the end of the test.
    private final class Workspace {
        let path: String
        private var clusters: [PrivateCluster] = []

        init() throws {
            var template = Array("/tmp/weir-cluster-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else {
                throw ClusterError.file(path: "/tmp", operation: "make", errno: errno)
            }
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            chmod(path, 0o755)
        }

        deinit {
            for cluster in clusters { cluster.kill() }
            _ = try? ChildProcess.run(["/bin/rm", "-rf", "--", path])
        }

        func makeCluster(
            _ directory: String = "cluster",
            startTimeout: Duration = .seconds(120),
            settings: [String: String] = [:],
            binaries: String? = nil,
            marker: String? = nil
        ) -> PrivateCluster {
            let configuration = PrivateClusterConfiguration(
                directory: "\(path)/\(directory)",
                marker: marker.map { "\(path)/\($0)" },
                binaries: binaries,
                isDurable: false,
                startTimeout: startTimeout,
                settings: settings
            )
            let cluster = PrivateCluster(configuration)
            clusters.append(cluster)
            return cluster
        }
    }

    private func text(_ sql: Statement, _ target: ConnectionTarget) throws -> String {
        try Connection.withTemporary(target) { try $0.execute(sql)[0].text(0) }
    }

    @Test func `is made as designed and keeps its data`() throws {
        let workspace = try Workspace()
        let cluster = workspace.makeCluster()
        #expect(!cluster.isRunning)
        let target = try cluster.start()
        #expect(target.database == "weir")
        #expect(try text("SHOW server_encoding", target) == "UTF8")
        #expect(try text("SHOW lc_collate", target) == "C.UTF-8")
        #expect(try text("SHOW data_checksums", target) == "on")
        #expect(try text("SHOW listen_addresses", target) == "")
        try Connection.withTemporary(target) {
            _ = try $0.executeScript("CREATE TABLE kept AS SELECT 42 AS i")
        }
        let server = try #require(cluster.runningServer())
        #expect(getsid(server.processID) == server.processID)
        try cluster.stop()
        #expect(!cluster.isRunning)
        try cluster.stop()
        try cluster.start()
        #expect(try text("SELECT i FROM kept", target) == "42")
        try cluster.stop()
    }

    @Test func `is adopted when it is running already`() throws {
        let workspace = try Workspace()
        let target = try workspace.makeCluster().start()
        let started = try text("SELECT pg_postmaster_start_time()", target)
        // Another owner of the same directory, as a Weir is after the one before was killed.
        let heir = workspace.makeCluster()
        #expect(heir.isRunning)
        #expect(try heir.start() == target)
        #expect(try text("SELECT pg_postmaster_start_time()", target) == started)
        try heir.stop()
        #expect(!heir.isRunning)
    }

    @Test func `never puts an empty one in its place when its files have vanished`() throws {
        let workspace = try Workspace()
        let cluster = workspace.makeCluster(marker: "made")
        #expect(!cluster.isLost)
        try cluster.start()
        #expect(cluster.hasFiles)
        rename(cluster.configuration.directory, cluster.configuration.directory + ".away")
        #expect(cluster.isLost)
        try cluster.stop()
        #expect(throws: ClusterError.lost(directory: cluster.configuration.directory)) { try cluster.start() }
        // The next process knows it by the marker.
        let heir = workspace.makeCluster(marker: "made")
        #expect(heir.isLost)
        #expect(throws: ClusterError.lost(directory: cluster.configuration.directory)) { try heir.start() }
        rename(cluster.configuration.directory + ".away", cluster.configuration.directory)
        try heir.start()
        try heir.stop()
        _ = try ChildProcess.run(["/bin/rm", "-rf", "--", cluster.configuration.directory])
        try heir.start(replacingLost: true)
        #expect(heir.hasFiles)
    }

    @Test func `tells when its programs were replaced beneath it`() throws {
        let workspace = try Workspace()
        let installed = try ServerBinaries.find()
        let binaries = "\(workspace.path)/usr/lib/postgresql/\(installed.majorVersion)/bin"
        // Where the programs find what belongs to them: beside themselves.
        _ = try ChildProcess.run([
            "/bin/sh", "-c",
            """
            real=$(dirname "$(readlink -f "$1/postgres")")
            mkdir -p "$0" "$2/usr/share/postgresql" && cp "$real"/* "$0" && ln -s "$real/../lib" "$0/../lib"
            ln -s "/usr/share/postgresql/$3" "$2/usr/share/postgresql/$3"
            """, binaries, installed.directory, workspace.path, String(installed.majorVersion),
        ])
        let cluster = workspace.makeCluster(binaries: binaries)
        try cluster.start()
        #expect(!cluster.runsReplacedPrograms)
        _ = try ChildProcess.run([
            "/bin/sh", "-c", "cp \"$0\" \"$0.new\" && mv \"$0.new\" \"$0\"", "\(binaries)/postgres",
        ])
        #expect(cluster.runsReplacedPrograms)
        try cluster.stop()
        try cluster.start()
        #expect(!cluster.runsReplacedPrograms)
    }

    @Test(
        arguments: [
            ("could not load library \"/usr/lib/postgresql/15/lib/plpgsql.so\": undefined symbol: x", true),
            ("incompatible library \"/usr/lib/postgresql/15/lib/plpgsql.so\": version mismatch", true),
            ("division by zero", false),
        ]
    )
    func `knows what a server says whose programs were replaced`(_ message: String, _ isOfThem: Bool) {
        let error = PostgresError(kind: .transient, sqlState: "58P01", message: message, context: "x")
        #expect(error.isOfReplacedPrograms == isOfThem)
    }

    @Test func `recovers after its server was killed`() throws {
        let workspace = try Workspace()
        let cluster = workspace.makeCluster()
        let target = try cluster.start()
        try Connection.withTemporary(target) {
            _ = try $0.executeScript("CREATE TABLE kept AS SELECT 42 AS i")
        }
        cluster.kill()
        #expect(!cluster.isRunning)
        #expect(access("\(cluster.dataDirectory)/postmaster.pid", F_OK) == 0)
        try cluster.start()
        #expect(try text("SELECT i FROM kept", target) == "42")
    }

    @Test func `starts over after an interrupted initdb`() throws {
        let workspace = try Workspace()
        let cluster = workspace.makeCluster()
        let user = try ServiceUser.current()
        try user.makePrivateDirectory(cluster.configuration.directory)
        try user.makePrivateDirectory("\(cluster.dataDirectory).initializing-1")
        try user.makePrivateDirectory("\(cluster.dataDirectory).initializing-1/base")
        try cluster.start()
        #expect(access("\(cluster.dataDirectory).initializing-1", F_OK) != 0)
    }

    @Test func `puts its socket where the path is short enough`() throws {
        let workspace = try Workspace()
        let user = try ServiceUser.current()
        let longest =
            PrivateCluster.longestSocketDirectory - workspace.path.utf8.count - "//socket".utf8.count
        let fits = workspace.makeCluster(String(repeating: "d", count: longest))
        #expect(fits.socketDirectory(user) == "\(fits.configuration.directory)/socket")
        let tooLong = workspace.makeCluster(String(repeating: "d", count: longest + 1))
        let elsewhere = tooLong.socketDirectory(user)
        #expect(elsewhere.hasPrefix("/tmp/weir-"))
        #expect(workspace.makeCluster("a,b").socketDirectory(user).hasPrefix("/tmp/weir-"))
        let target = try tooLong.start()
        #expect(target.parameter("host") == elsewhere)
        try tooLong.stop()
        rmdir(elsewhere)
    }

    @Test func `shows the end of the log when the server does not start`() throws {
        let workspace = try Workspace()
        let cluster = workspace.makeCluster(settings: ["shared_buffers": "nonsense"])
        let error = #expect(throws: ClusterError.self) { try cluster.start() }
        guard case .didNotStart(let log) = error else {
            Issue.record("not the failure to start: \(String(describing: error))")
            return
        }
        #expect(log.contains("shared_buffers"))
        #expect(!cluster.isRunning)
    }

    @Test func `says what to do when no binaries are found`() throws {
        let workspace = try Workspace()
        let cluster = workspace.makeCluster(binaries: "/nonexistent")
        #expect(throws: ClusterError.unusableBinaries(directory: "/nonexistent")) { try cluster.start() }
        let error = #expect(throws: ClusterError.self) {
            try ServerBinaries.find(majorVersion: 99, searchPath: "/nonexistent")
        }
        #expect(error?.description.contains("DATABASE_URL") == true)
        #expect(error?.description.contains("WEIR_PG_BIN") == true)
    }

    @Test func `says which binaries its data needs`() throws {
        let workspace = try Workspace()
        let cluster = workspace.makeCluster()
        let user = try ServiceUser.current()
        try user.makePrivateDirectory(cluster.configuration.directory)
        try user.makePrivateDirectory(cluster.dataDirectory)
        let file = open("\(cluster.dataDirectory)/PG_VERSION", O_WRONLY | O_CREAT, 0o600)
        _ = write(file, "99\n", 3)
        close(file)
        #expect(throws: ClusterError.versionMismatch(data: 99, directory: cluster.dataDirectory)) {
            try cluster.start()
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root runs the server as another user"))
    func `says which directory the unprivileged user can not pass through`() throws {
        let workspace = try Workspace()
        let closed = "\(workspace.path)/closed"
        mkdir(closed, 0o700)
        let cluster = workspace.makeCluster("closed/cluster")
        let error = #expect(throws: ClusterError.self) { try cluster.start() }
        #expect(error == .notTraversable(directory: closed, user: try ServiceUser.current().name))
    }

    @Test func `refuses a directory that others may enter`() throws {
        let workspace = try Workspace()
        mkdir("\(workspace.path)/open", 0o755)
        let cluster = workspace.makeCluster("open")
        #expect(throws: ClusterError.unsafeSocketDirectory("\(workspace.path)/open")) { try cluster.start() }
    }

    @Test(
        arguments: [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-1)\n", 15), ("postgres (PostgreSQL) 17beta1\n", 17),
            ("postgres (PostgreSQL) 9.6.24", 9), ("nonsense", nil),
        ] as [(String, Int?)]
    )
    func `reads a version`(_ text: String, _ version: Int?) {
        #expect(ServerBinaries.majorVersion(in: text) == version)
    }
}
